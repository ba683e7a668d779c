"""Versions: of this package, and of the torch API it follows, which is what programs ask of ``torch.__version__``."""
package = "0.1.0"
api = "1.1.0"
__version__ = f"{api}+nb_nn.{package}"
