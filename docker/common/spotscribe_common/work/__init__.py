"""The models' work: who is let in, the thread and device that it runs on, its progress and figures."""
