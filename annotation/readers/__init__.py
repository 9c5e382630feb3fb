"""Several readers of one case: how well they agree, what is settled, and what a person has to decide."""

from annotation.readers.agreement import Agreement as Agreement, LeftOut as LeftOut, agreements as agreements
from annotation.readers.bounds import Bounds as Bounds
from annotation.readers.doubts import Doubt as Doubt, doubts as doubts
from annotation.readers.settled import How as How, Settled as Settled, settled as settled
from annotation.readers.third import ask_one_more as ask_one_more
from annotation.readers.truths import truths as truths
from annotation.readers.votes import Vote as Vote, votes_of as votes_of
