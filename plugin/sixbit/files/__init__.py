"""The bytes of JPEG, PNG, TIFF and XMP: their structures, and nothing of what they mean."""
