"""What a request says, once its body is here: JSON, forms, base64, and files that it names."""
