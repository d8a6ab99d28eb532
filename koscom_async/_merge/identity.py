"""Which rows are one instrument: asset class, currency and identifying code equal.

- an ISIN whose check digit holds decides; else a fund code; else the same code of the same kind. Kinds that do not
  identify (a product code, an English abbreviation) join nothing;
- where a row gives a lesser code beside a better one (a short code beside the ISIN), rows with just the lesser code are
  the same instrument. Where two better ones claim it, such a row stays alone, and the two stay apart;
- without a code, product and full name decide; but never a fund's name, which is cut and may be two funds';
- a row with neither stays alone, and so does a fund without a code.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import zip_longest

from attrs import define, field

from koscom_async._identifiers import is_placeholder
from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import OTHER, STANDARD, AssetClass, Product, Token, token_of
from koscom_async.models.positions import MatchedBy

Kind = tuple[type[BalanceRow], str]
"""Asset class and currency, without which nothing is the same; the record's class stands for its asset class."""

Identity = tuple[MatchedBy, Hashable]

ALONE: MatchedBy = "nothing"


def alone() -> Identity:
    """Return the identity of a row that no other row has."""
    return ALONE, object()


def by_name(asset_class: AssetClass, product: Product | None, name: str | None) -> Identity:
    """Return the identity of a row without an identifying code."""
    if name is None or asset_class is AssetClass.FUND or is_placeholder(name):
        return alone()
    return "name", (name, None if product is None else product.upper())


def tokens_of(row: BalanceRow) -> list[Token]:
    """Return what identifies a row's instrument, the best first."""
    codes = zip_longest((row.code, *row.other_codes), row.code_kinds)
    tokens = {
        token
        for code, kind in codes
        if code is not None and (token := token_of(code, kind, row.asset_class)) is not None
    }
    return sorted(tokens)


def _best(tokens: Sequence[Token]) -> list[Token]:
    return [token for token in tokens if token.rank == tokens[0].rank]


@define(eq=False)
class Aliases:
    """Which tokens of one kind stand for which others, learnt from the rows that give several codes."""

    _heads: dict[Token, Token] = field(factory=dict)
    """Codes of the last rank that one row gave together: each points towards the one that stands for all of them"""
    _claims: dict[Token, set[Token]] = field(factory=dict)
    """The better tokens beside which a token was given"""
    _known: dict[Token, Token | None] = field(factory=dict)

    def learn(self, tokens: Sequence[Token]) -> None:
        """Take in the tokens of one row."""
        best = _best(tokens)
        if best and best[0].rank == OTHER:
            for token in best[1:]:
                self._heads[self._head(token)] = self._head(best[0])
        else:
            for token in tokens[len(best) :]:
                self._claims.setdefault(token, set()).update(best)

    def close(self) -> None:
        """Hand on what was claimed of each code to the one that stands for it; call it after the last `learn`."""
        for token in [token for token in self._claims if token.rank == OTHER]:
            head = self._head(token)
            if head != token:
                self._claims.setdefault(head, set()).update(self._claims[token])

    def _head(self, token: Token) -> Token:
        path = []
        while (head := self._heads.get(token, token)) != token:
            path.append(token)
            token = head
        self._heads.update(dict.fromkeys(path, token))
        return token

    def instrument(self, token: Token) -> Token | None:
        """Return the best token of the same instrument, or `None` where several claim the token."""
        head = self._head(token)
        if head not in self._known:
            # Each claims what is of a lesser rank only, so that this ends.
            owners = {self.instrument(owner) for owner in self._claims.get(head, ())}
            self._known[head] = head if not owners else owners.pop() if len(owners) == 1 else None
        return self._known[head]

    def identity(self, row: BalanceRow) -> Identity:
        """Return what the rows of one instrument have in common, and no other row of their kind has."""
        best = _best(tokens_of(row))
        if not best:
            return by_name(row.asset_class, row.product, row.name)
        if len(best) > 1 and best[0].rank < OTHER:
            # Two standard codes in one row: it is neither the one instrument nor the other.
            return "code", tuple(best)
        instrument = self.instrument(best[0])
        if instrument is None:
            return alone()
        # A standard code is the same key where no row gives several codes, and in every asset class.
        return "code", instrument.code if instrument.rank == STANDARD else instrument


def aliases_among(rows: Iterable[BalanceRow]) -> Mapping[Kind, Aliases]:
    """Return the aliases of each kind of rows that give several codes, or say what kind their code is."""
    aliases: dict[Kind, Aliases] = {}
    for row in rows:
        if row.other_codes or row.code_kinds:
            own = aliases.setdefault((type(row), row.currency), Aliases())
            if not row.is_empty:
                own.learn(tokens_of(row))
    for each in aliases.values():
        each.close()
    return aliases
