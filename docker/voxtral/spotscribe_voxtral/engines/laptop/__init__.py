"""The engine for laptops: a recogniser of English, and rules that choose among its words."""
