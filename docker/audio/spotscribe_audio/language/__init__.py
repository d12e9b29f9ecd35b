"""The languages of speech: their codes and names, and which of them a caller asks for."""
