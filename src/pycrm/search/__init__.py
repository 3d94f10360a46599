"""Finding records by what people type: the grams of a text, what a query asks for, and how hits are ranked.

It turns records into rows of the index and queries into questions to it, and knows no database: the rows are kept by
`pycrm.storage.search_rows`, and `pycrm.workspace` reads and writes them for a principal. It imports storage, schema,
fields and values.
"""

from pycrm.search.documents import Documents, documents_of, is_searchable
from pycrm.search.grams import TOKENIZER, has_todays_rules
from pycrm.search.query import Query, parse_query
from pycrm.search.ranking import MOST_RANKED, rank_by_share, wanted
from pycrm.search.results import Hit, SearchResult, describe
from pycrm.storage.search_rows import IndexRow

__all__ = [
    "MOST_RANKED",
    "TOKENIZER",
    "Documents",
    "Hit",
    "IndexRow",
    "Query",
    "SearchResult",
    "describe",
    "documents_of",
    "has_todays_rules",
    "is_searchable",
    "parse_query",
    "rank_by_share",
    "wanted",
]
