"""What a run's data is: counts, quarantine, statistics by feature, anomalies, drift."""
