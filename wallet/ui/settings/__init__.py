"""Cards of the settings page, one class each."""
