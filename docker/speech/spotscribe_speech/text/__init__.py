"""From a text or a document to the sentences to speak."""
