"""Step 5: photos opened and saved, with all that they carry."""
