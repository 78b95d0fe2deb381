"""age_gender: a face to its age group and gender."""
