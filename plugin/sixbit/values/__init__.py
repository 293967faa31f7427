"""What flows between the steps. Nothing of Sixbit is imported here but the manifest."""
