"""What people are shown of an answer, and the rows that stay in the research zone.

`members` asks the engine who the units are, `cells` lets every count be judged (suppression, rounding, the guard),
`table_one`, `pictured` and `numbers` say which counts and what of them; `answer` puts it together; `flow`, `figures`,
`methods` and `writing` make the files.
"""
