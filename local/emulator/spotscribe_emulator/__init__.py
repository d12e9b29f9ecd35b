"""What ministack lacks of the AWS that Spotscribe uses."""
