"""Where state lives on disk: header files and the encrypted wallet database."""
