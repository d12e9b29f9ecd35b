"""Features of AWS that Spotscribe uses and ministack lacks."""
