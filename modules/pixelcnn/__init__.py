"""pixelcnn: pictures to new pictures like them."""
