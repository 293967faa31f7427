"""Step 1: a photo to a shot, and tags written back."""
