"""How a transaction can end that the store could not finish."""

from domain.errors import Unavailable


class TransactionRolledBack(Unavailable):
    """The store has undone the transaction, and it is certain that nothing of it was kept: it may be done again.

    A store raises Unavailable instead where it cannot tell, as after a connection that broke during COMMIT.
    """
