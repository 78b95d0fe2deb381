"""image_retrain: folders of pictures to a classifier of them."""
