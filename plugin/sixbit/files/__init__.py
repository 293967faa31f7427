"""The bytes of photos and of XMP: their structures, and nothing of what they mean."""
