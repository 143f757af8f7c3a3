"""Opens the accounts and founds the organisations that the proof needs."""

from domain.access import Role
from entrypoints.proof.callers import FORMER_MEMBERS, MEMBERS, Caller, Place
from entrypoints.proof.canaries import Canaries, What
from entrypoints.proof.cast import Backstage, Cast, NotPossible
from entrypoints.proof.deployment import Deployment, Person


async def assemble(deployment: Deployment, backstage: Backstage) -> Cast:
    """Bring everybody together. Raises CannotRun."""
    canaries = Canaries()
    steward, spare = await deployment.register(), await deployment.register()
    others = [caller for caller in Caller if caller not in {Caller.NO_TOKEN, Caller.ADMINISTRATOR}]
    people: dict[Caller, Person] = {caller: await deployment.register() for caller in others}
    cast = Cast(
        deployment=deployment,
        canaries=canaries,
        people=people,
        steward=steward,
        spare=spare,
    )
    for place, host in {Place.ORGANIZATION: steward, Place.ELSEWHERE: people[Caller.OTHER_ORGANIZATION]}.items():
        cast.organizations[place] = organization_id = await cast.found(host)
        canaries.guard(organization_id, organization_id)
    await _let_everybody_in(cast)
    await _call_backstage(cast, backstage)
    await _part_ways(cast)
    return cast


async def _let_everybody_in(cast: Cast) -> None:
    """Fill the organisation, and have everybody known to those only who may know them."""
    for caller, person in cast.people.items():
        if caller in FORMER_MEMBERS or caller in MEMBERS:
            await cast.let_in(person, MEMBERS.get(caller, Role.ADMIN))
        await _introduce(cast, person, cast.circle_of(caller))
    await cast.let_in(cast.spare, Role.VIEWER)
    for hand in (cast.spare, cast.steward):
        await _introduce(cast, hand, {hand.id, cast.organizations[Place.ORGANIZATION]})


async def _introduce(cast: Cast, person: Person, circle: set[str]) -> None:
    name = cast.canaries.name(*circle)
    await cast.deployment.ask(person, "PATCH", "/api/users/me", {"full_name": name})
    cast.canaries.guard(person.email, *circle, what=What.NAME)
    cast.canaries.guard(person.id, *circle)


async def _call_backstage(cast: Cast, backstage: Backstage) -> None:
    """Have done what no account of ours can do; whoever cannot be had is absent."""
    try:
        cast.people[Caller.ADMINISTRATOR] = administrator = await backstage.administrator()
        await _introduce(cast, administrator, {administrator.id})
    except NotPossible as error:
        cast.absent[Caller.ADMINISTRATOR] = str(error)
    try:
        await backstage.deactivate(cast.people[Caller.DEACTIVATED])
    except NotPossible as error:
        cast.absent[Caller.DEACTIVATED] = str(error)


async def _part_ways(cast: Cast) -> None:
    """One is put out of the organisation, one signs out; both keep their tokens."""
    members = f"/api/organizations/{cast.organizations[Place.ORGANIZATION]}/members"
    await cast.deployment.ask(cast.steward, "DELETE", f"{members}/{cast.people[Caller.REMOVED].id}")
    await cast.deployment.ask(cast.people[Caller.SIGNED_OUT], "POST", "/api/auth/logout")
