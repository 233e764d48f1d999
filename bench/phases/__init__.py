"""One module a subject. Each has ``run(bench)``, which measures and yields figures."""
