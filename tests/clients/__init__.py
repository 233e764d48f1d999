"""Real mail programs against a real server. `make test-clients` runs them; `tests/clients/install.sh` installs them."""
