"""Archives as they come: zip, tar and compressed files, read from front to back, member by member, within bounds.

`model` has the nouns and the reasons, `kinds` knows an archive by how it begins, `zips` and `tars` read one each, and
`unpacking` follows archives within archives.
"""

from imagebank.core.archives.kinds import kind_of
from imagebank.core.archives.model import ENDS, UNPACKED, UNREADABLE, Allowance, Broken, Member
from imagebank.core.archives.unpacking import Spool, spooled, unpack

__all__ = ["ENDS", "UNPACKED", "UNREADABLE", "Allowance", "Broken", "Member", "Spool", "kind_of", "spooled", "unpack"]
