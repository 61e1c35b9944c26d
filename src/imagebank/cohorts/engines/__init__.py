"""What answers cohorts: ibis on a database, and a tiny engine in plain Python that tests hold it to.

`result` is what every engine gives back and the scope that it keeps; `orders` is the one order between rows; `plain`
is the tiny engine; `relations` and `expressions` are ibis, `connecting` finds its database; `asking` turns any of them
into an answer.
"""
