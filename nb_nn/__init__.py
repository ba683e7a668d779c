"""nb_nn."""
