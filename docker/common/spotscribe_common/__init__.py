"""What Spotscribe's model services share."""
