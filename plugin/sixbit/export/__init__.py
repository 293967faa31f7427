"""The main job, whole: a photo, or thousands, by a preset."""
