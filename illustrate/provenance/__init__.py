"""What a picture says of itself: its record, the marks inside its files, and the signature over them."""
