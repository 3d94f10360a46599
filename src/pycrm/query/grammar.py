"""The grammar of filters and orders as text, in the notation of lark; `pycrm.query.reading` says what a rule makes."""

from __future__ import annotations

__all__ = ["GRAMMAR", "MAX_DIGITS"]

MAX_DIGITS = 60

GRAMMAR = r"""
?start: condition

order: key ("," key)*
key: sum [ASCENDING | DESCENDING]

?condition: conjunction ("OR"i conjunction)*            -> either
?conjunction: opposite ("AND"i opposite)*               -> both
?opposite: "NOT"i opposite                              -> opposite
         | atom
?atom: "(" condition ")"
     | comparison
     | mode "(" path ["," condition] ")"                -> linked

?comparison: sum COMPARE sum                            -> compare
           | sum "LIKE"i sum                            -> like
           | sum "NOT"i "LIKE"i sum                     -> not_like
           | sum "CONTAINS"i sum                        -> contains
           | sum "NOT"i "CONTAINS"i sum                 -> not_contains
           | sum "STARTS"i "WITH"i sum                  -> starts_with
           | sum "NOT"i "STARTS"i "WITH"i sum           -> not_starts_with
           | sum "IN"i values                             -> one_of
           | sum "NOT"i "IN"i values                      -> none_of
           | sum "HAS"i sum                             -> has
           | sum "HAS"i mode values                       -> has_several
           | sum "UNDER"i sum                           -> under
           | sum "UNDER"i "(" [sum ("," sum)+] ")"      -> under_several
           | sum "IS"i "NULL"i                          -> is_null
           | sum "IS"i "NOT"i "NULL"i                   -> is_not_null
           | sum "BETWEEN"i sum "AND"i sum              -> between
           | sum "NOT"i "BETWEEN"i sum "AND"i sum       -> not_between

?values: "(" [sum ("," sum)*] ")"                        -> listed
       | PARAMETER                                      -> given_list
       | path                                           -> named_list

?sum: product
    | sum SIGN product                                  -> arithmetic
?product: factor
    | product FACTOR factor                             -> arithmetic
?factor: "-" factor                                     -> negative
    | operand
?operand: "(" sum ")"
        | path                                          -> named
        | path "(" [sum ("," sum)*] ")"                 -> call
        | PARAMETER                                     -> parameter
        | COUNTED                                       -> counted
        | STRING                                        -> string
        | NUMBER                                        -> number
        | NUMBER (NAME | STRING)                        -> quantity
        | MONEY                                         -> money
        | DATE                                          -> date
        | INSTANT                                       -> instant
        | "TRUE"i                                       -> true
        | "FALSE"i                                      -> false
        | NULL                                          -> null

!mode: "ANY"i | "ALL"i | "NONE"i
path: (NAME | QUOTED) ("." (NAME | QUOTED))*

NULL: "NULL"i
ASCENDING: "ASC"i
DESCENDING: "DESC"i
COMPARE: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
SIGN: "+" | "-"
FACTOR: "*" | "/"
PARAMETER: /:[^\W\d]\w*/
COUNTED.3: /[A-Za-z_]+:\d+/
STRING: /'(?:[^']|'')*'/
QUOTED: /"(?:[^"]|"")+"/
INSTANT.4: /\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d{2}:\d{2})?/
DATE.3: /\d{4}-\d{2}-\d{2}(?![\w:])/
MONEY.3: /(?!(?:AND|NOT|ANY|HAS)\b)[A-Z]{3}[ \t]+-?\d+(?:\.\d+)?(?![\w.])/
NUMBER: /\d+(?:\.\d+)?/
NAME: /[^\W\d]\w*/i

%import common.WS
%ignore WS
"""
