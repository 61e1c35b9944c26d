"""Who is who: identity as headers claim it and as the records know it, the rules that link the two, and keyed ids.

`nhs`, `pseudonyms` and `linkage` are pure. `vault` is the only module that stores identities, and only the workflows
may import it.
"""

from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.pseudonyms import Keys, UidMap

__all__ = ["Claim", "Keys", "Link", "Person", "UidMap"]
