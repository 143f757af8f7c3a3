"""The composition root: the only place that knows which adapter meets which port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dependency_injector import containers, providers

from adapters.mail.console import ConsoleMailer
from adapters.mail.nowhere import NoMailer
from adapters.mail.smtp import SmtpMailer
from adapters.mail.url import read_mail_url
from adapters.memory.counters import MemoryCounters, UnlimitedCounters
from adapters.redis.url import read_redis_url
from adapters.security.cursors import SignedCursors
from adapters.security.keys import KeyRing
from adapters.security.passwords import BcryptPasswords, common_passwords
from adapters.security.tokens import JwtAccessTokens, JwtSessionCookies, RandomRefreshTokens
from adapters.sql.audit import SqlNextUnsealed, SqlOpenLog
from adapters.sql.connection import Database
from adapters.sql.counters import SqlCounters
from adapters.sql.identity import SqlOpenIdentity
from adapters.sql.leftovers import SqlLeftovers
from adapters.sql.organizations import SqlOpenReception
from adapters.sql.readiness import SqlReadiness
from adapters.sql.removal import SqlOpenRemains, SqlRemovals
from adapters.sql.retention import SqlOpenTrash, SqlSpaces
from adapters.sql.spaces import SqlOpenSpace
from adapters.sql.url import database_at
from adapters.system.clock import SystemClock
from adapters.system.errands import TaskErrands
from adapters.system.ids import Uuid7Generator
from adapters.system.long_work import TaskLongWork
from adapters.system.readiness import SharedReadiness
from application import (
    accounts,
    administration,
    audit,
    authentication,
    bulk,
    documents,
    limiting,
    operations,
    organizations,
    refusals,
    removal,
    repeating,
    retention,
    sealing,
    sessions,
    sweeping,
    tags,
    task_lists,
    tasks,
    trash,
    verifying,
)
from application import settings as space_settings
from application.facade import Application
from application.letters import Post
from application.passwords import ChangePassword, ConfirmPasswordReset, RequestPasswordReset, SendPasswordReset
from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.long_work import LongWork
from application.ports.mail import Mailer
from application.recording.identity import RecordingOpenIdentity, RecordingOpenReception
from application.recording.scribe import Scribe, Unsealed
from application.recording.spaces import RecordingOpenSpace
from application.room import Room
from domain.quotas import Quota, Quotas
from domain.session import SessionLimits
from domain.user import PasswordPolicy
from entrypoints.background import background
from entrypoints.databases import service_url
from entrypoints.keys import development_keys
from entrypoints.settings import Settings, parsed

if TYPE_CHECKING:
    from adapters.redis.counters import RedisServer

_LOOK_UPS: Final = 256
_LOOK_UPS_AT_ONCE: Final = 2
_MAILS: Final = 256
_TURNS_AT_ONCE: Final = 2
"""How many pieces of long work a process does at the same time."""
_READ_AT_ONCE: Final = 2
"""How many large bodies a process reads at the same time, each of another account."""


def _keys(settings: Settings) -> KeyRing:
    configured = settings.secret_keys
    text = development_keys() if configured is None else configured.get_secret_value()
    return parsed("secret_keys", KeyRing.parse, text)


def _database(settings: Settings) -> Database:
    return database_at(service_url(settings))


def _passwords(settings: Settings) -> BcryptPasswords:
    pepper = settings.password_pepper
    return BcryptPasswords(settings.bcrypt_cost, pepper.get_secret_value().encode() if pepper else None)


def _limits(settings: Settings) -> SessionLimits:
    return SessionLimits(
        idle=timedelta(days=settings.refresh_token_days),
        total=timedelta(days=settings.session_max_days),
        grace=timedelta(seconds=settings.refresh_grace_seconds),
    )


def _quotas(settings: Settings) -> Quotas:
    return Quotas(
        {
            Quota.TASKS: settings.max_tasks_per_space,
            Quota.TAGS: settings.max_tags_per_space,
            Quota.DOCUMENTS: settings.max_documents_per_space,
            Quota.DOCUMENT_BYTES: settings.max_document_bytes_per_space,
            Quota.SETTINGS: settings.max_settings_per_space,
            Quota.MEMBERS: settings.max_members_per_organization,
            Quota.INVITATIONS: settings.max_invitations_per_organization,
            Quota.OWNED: settings.max_owned_organizations_per_account,
            Quota.JOINED: settings.max_organizations_per_account,
            Quota.SESSIONS: settings.max_sessions_per_account,
        }
    )


def _mailer(settings: Settings) -> Mailer:
    if settings.mail_url is not None and settings.mails:
        return SmtpMailer(parsed("mail_url", read_mail_url, settings.mail_url.get_secret_value()))
    return NoMailer() if settings.in_production else ConsoleMailer()


def _access_tokens(settings: Settings, keys: KeyRing, new_id: Uuid7Generator) -> JwtAccessTokens:
    return JwtAccessTokens(keys, timedelta(minutes=settings.access_token_minutes), new_id)


def _redis(settings: Settings, clock: Clock) -> "RedisServer | None":
    url = settings.redis_url
    if url is None or not url.get_secret_value():
        return None
    from adapters.redis.counters import RedisServer  # noqa: PLC0415 - a third of a second and 20 MB, where there is one

    return RedisServer(parsed("redis_url", read_redis_url, url.get_secret_value()), clock)


def _counters(settings: Settings, redis: "RedisServer | None", keys: KeyRing, here: Counters) -> Counters:
    """What counts: nothing, Redis for everybody, or what there is without it."""
    if not settings.rate_limits:
        return UnlimitedCounters()
    return here if redis is None else redis.counters(here, _fingerprint_secret(keys))


def _shared_counters(database: Database, clock: Clock, keys: KeyRing) -> SqlCounters:
    return SqlCounters(database, clock, _fingerprint_secret(keys))


def _fingerprint_secret(keys: KeyRing) -> bytes:
    return keys.newest.derive("counters")


class Container(containers.DeclarativeContainer):
    """Who gets what. Needs ``settings``; everything else follows."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    new_id = providers.Singleton(Uuid7Generator)

    keys = providers.Singleton(_keys, settings)
    access_tokens = providers.Singleton(_access_tokens, settings, keys, new_id)
    refresh_tokens = providers.Singleton(RandomRefreshTokens, keys)
    session_cookies = providers.Singleton(JwtSessionCookies, keys, new_id)
    passwords = providers.Singleton(_passwords, settings)
    policy = providers.Singleton(PasswordPolicy, providers.Singleton(common_passwords))
    limits = providers.Singleton(_limits, settings)
    quotas = providers.Singleton(_quotas, settings)
    room = providers.Singleton(Room, quotas, clock)

    database = providers.Singleton(_database, settings)
    redis = providers.Singleton(_redis, settings, clock)
    counters = providers.Singleton(_counters, settings, redis, keys, providers.Singleton(MemoryCounters, clock))
    counters_of_failures = providers.Singleton(
        _counters, settings, redis, keys, providers.Singleton(_shared_counters, database, clock, keys)
    )
    sign_in_guard = providers.Singleton(limiting.SignInGuard, counters_of_failures)
    open_log = providers.Singleton(SqlOpenLog, database)
    unsealed = providers.Singleton(Unsealed)
    scribe = providers.Singleton(Scribe, clock, new_id, open_log, unsealed)
    open_space = providers.Singleton(
        RecordingOpenSpace, providers.Singleton(SqlOpenSpace, database, clock), scribe, settings.provided.audit_reads
    )
    open_identity = providers.Singleton(
        RecordingOpenIdentity, providers.Singleton(SqlOpenIdentity, database, clock), scribe
    )
    open_reception = providers.Singleton(
        RecordingOpenReception, providers.Singleton(SqlOpenReception, database, clock), scribe
    )
    cursors = providers.Singleton(SignedCursors, keys)
    seal_log = providers.Singleton(sealing.SealLog, open_log)
    long_work = providers.Singleton(TaskLongWork, _TURNS_AT_ONCE)
    turns_to_read = providers.Singleton(TaskLongWork, _READ_AT_ONCE, expires=True)
    inspect_log = providers.Singleton(verifying.InspectLog, open_log, seal_log, long_work, clock)
    readiness = providers.Singleton(
        SharedReadiness,
        providers.Singleton(SqlReadiness, database, tolerate_unsafe_role=settings.provided.unsafe_database_role),
    )

    start_session = providers.Singleton(
        authentication.StartSession, sign_in_guard, open_identity, passwords, limits, quotas, scribe, clock, new_id
    )
    # Two, so that mails which nobody takes leave no mark on whether there is room for the next request.
    look_ups = providers.Singleton(TaskErrands, _LOOK_UPS, _LOOK_UPS_AT_ONCE)
    deliveries = providers.Singleton(TaskErrands, _MAILS, _MAILS)
    mailer = providers.Singleton(_mailer, settings)
    post = providers.Singleton(Post, mailer, deliveries)
    prove_password = providers.Singleton(accounts.ProvePassword, sign_in_guard, open_identity, passwords)

    open_account = providers.Singleton(accounts.OpenAccount, open_identity, passwords, policy, clock, new_id)

    check_session = providers.Singleton(authentication.CheckSession, open_identity)

    application = providers.Singleton(
        Application,
        authenticate=providers.Singleton(authentication.Authenticate, access_tokens, clock),
        count_request=providers.Singleton(limiting.CountRequest, counters),
        check_session=check_session,
        record_forgery=providers.Singleton(refusals.RecordForgery, scribe, clock),
        answer_once=providers.Singleton(repeating.AnswerOnce, check_session, clock),
        sign_in=providers.Singleton(authentication.SignIn, start_session, access_tokens, refresh_tokens),
        sign_in_browser=providers.Singleton(authentication.SignInBrowser, start_session, session_cookies),
        authenticate_browser=providers.Singleton(authentication.AuthenticateBrowser, session_cookies, clock),
        renew_browser=providers.Singleton(authentication.RenewBrowser, open_identity, session_cookies, limits, clock),
        list_csrf_tokens=providers.Singleton(authentication.ListCsrfTokens, session_cookies),
        refresh=providers.Singleton(
            authentication.Refresh, counters, open_identity, access_tokens, refresh_tokens, limits, clock
        ),
        sign_out=providers.Singleton(authentication.SignOut, open_identity, clock),
        register=providers.Singleton(
            accounts.Register, counters, open_account, settings.provided.registration_policy, refresh_tokens, room
        ),
        create_admin=providers.Singleton(accounts.CreateAdmin, open_account),
        get_me=providers.Singleton(accounts.GetMe, open_identity),
        change_me=providers.Singleton(accounts.ChangeMe, prove_password, counters, open_identity, post, clock),
        close_account=providers.Singleton(accounts.CloseAccount, prove_password, open_identity, clock),
        list_sessions=providers.Singleton(sessions.ListSessions, open_identity, clock, cursors),
        end_session=providers.Singleton(sessions.EndSession, open_identity, clock),
        end_all_sessions=providers.Singleton(sessions.EndAllSessions, open_identity, clock),
        list_users=providers.Singleton(administration.ListUsers, open_identity),
        change_user=providers.Singleton(administration.ChangeUser, open_identity, clock),
        find_accounts=providers.Singleton(administration.FindAccounts, open_identity),
        manage_account=providers.Singleton(administration.ManageAccount, open_identity, clock),
        change_password=providers.Singleton(
            ChangePassword, sign_in_guard, open_identity, passwords, policy, post, scribe, clock
        ),
        request_password_reset=providers.Singleton(
            RequestPasswordReset,
            counters,
            providers.Singleton(SendPasswordReset, open_identity, refresh_tokens, post, clock),
            look_ups,
        ),
        confirm_password_reset=providers.Singleton(
            ConfirmPasswordReset, counters, open_identity, passwords, policy, refresh_tokens, post, clock
        ),
        found_organization=providers.Singleton(organizations.FoundOrganization, open_identity, clock, new_id, room),
        list_organizations=providers.Singleton(organizations.ListOrganizations, open_identity, cursors),
        get_organization=providers.Singleton(organizations.GetOrganization, open_space),
        rename_organization=providers.Singleton(organizations.RenameOrganization, open_space, clock),
        dissolve_organization=providers.Singleton(organizations.DissolveOrganization, open_space, clock),
        list_members=providers.Singleton(organizations.ListMembers, open_space, cursors),
        change_member_role=providers.Singleton(organizations.ChangeMemberRole, open_space, clock, room),
        remove_member=providers.Singleton(organizations.RemoveMember, open_space, clock),
        invite=providers.Singleton(organizations.Invite, open_space, refresh_tokens, clock, new_id, room),
        list_invitations=providers.Singleton(organizations.ListInvitations, open_space, clock, cursors),
        revoke_invitation=providers.Singleton(organizations.RevokeInvitation, open_space, clock),
        accept_invitation=providers.Singleton(
            organizations.AcceptInvitation, open_reception, refresh_tokens, clock, room
        ),
        list_tasks=providers.Singleton(task_lists.ListTasks, open_space, clock, cursors),
        list_trash=providers.Singleton(task_lists.ListTrash, open_space, cursors),
        get_task=providers.Singleton(tasks.GetTask, open_space),
        create_task=providers.Singleton(tasks.CreateTask, open_space, clock, new_id, room),
        replace_task=providers.Singleton(tasks.ReplaceTask, open_space, clock, new_id, room),
        change_task=providers.Singleton(tasks.ChangeTask, open_space, clock, new_id, room),
        complete_task=providers.Singleton(tasks.CompleteTask, open_space, clock),
        toggle_task=providers.Singleton(tasks.ToggleTask, open_space, clock),
        delete_task=providers.Singleton(tasks.DeleteTask, open_space, clock),
        create_tasks=providers.Singleton(bulk.CreateTasks, open_space, clock, new_id, room),
        change_tasks=providers.Singleton(bulk.ChangeTasks, open_space, clock),
        delete_tasks=providers.Singleton(bulk.DeleteTasks, open_space, clock),
        delete_found_tasks=providers.Singleton(bulk.DeleteFoundTasks, open_space, clock),
        restore_task=providers.Singleton(trash.RestoreTask, open_space, clock),
        purge_task=providers.Singleton(trash.PurgeTask, open_space),
        empty_trash=providers.Singleton(trash.EmptyTrash, open_space),
        transfer_task=providers.Singleton(tasks.TransferTask, open_space, clock, new_id, room),
        list_tags=providers.Singleton(tags.ListTags, open_space, cursors),
        get_tag=providers.Singleton(tags.GetTag, open_space),
        create_tag=providers.Singleton(tags.CreateTag, open_space, clock, new_id, room),
        change_tag=providers.Singleton(tags.ChangeTag, open_space, clock),
        delete_tag=providers.Singleton(tags.DeleteTag, open_space, clock),
        list_documents=providers.Singleton(documents.ListDocuments, open_space, cursors),
        get_document=providers.Singleton(documents.GetDocument, open_space),
        create_document=providers.Singleton(documents.CreateDocument, open_space, clock, new_id, room),
        replace_document=providers.Singleton(documents.ReplaceDocument, open_space, clock, room),
        change_document=providers.Singleton(documents.ChangeDocument, open_space, clock, room),
        delete_document=providers.Singleton(documents.DeleteDocument, open_space),
        list_settings=providers.Singleton(space_settings.ListSettings, open_space, cursors),
        get_setting=providers.Singleton(space_settings.GetSetting, open_space),
        put_setting=providers.Singleton(space_settings.PutSetting, open_space, clock, room),
        delete_setting=providers.Singleton(space_settings.DeleteSetting, open_space),
        list_events=providers.Singleton(audit.ListEvents, open_space, cursors),
        list_account_events=providers.Singleton(audit.ListAccountEvents, open_identity, cursors),
        verify_log=providers.Singleton(audit.VerifyLog, open_space, inspect_log),
        inspect_log=inspect_log,
        seal_grown_logs=providers.Singleton(sealing.SealGrownLogs, seal_log, unsealed),
        seal_left_events=providers.Singleton(
            sealing.SealLeftEvents, providers.Singleton(SqlNextUnsealed, database), seal_log, clock
        ),
        sweep_leftovers=providers.Singleton(
            sweeping.SweepLeftovers, providers.Singleton(SqlLeftovers, database), clock
        ),
        sweep_remains=providers.Singleton(
            removal.SweepRemains,
            providers.Singleton(SqlRemovals, database),
            providers.Singleton(SqlOpenRemains, database),
            scribe,
            clock,
        ),
        purge_expired_trash=providers.Singleton(
            retention.PurgeExpiredTrash,
            providers.Singleton(SqlSpaces, database),
            providers.Singleton(SqlOpenTrash, database),
            scribe,
            clock,
            settings.provided.trash_kept,
        ),
        check_readiness=providers.Singleton(operations.CheckReadiness, readiness),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """The application with what it holds on to while it runs."""

    settings: Settings
    application: Application
    turns_to_read: LongWork
    """Large bodies are read in these."""
    _database: Database
    _passwords: BcryptPasswords
    _errands: tuple[TaskErrands, ...]
    """Those that make work for others come before those."""
    _redis: "RedisServer | None"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        """Hold the database, and let it go at the end."""
        await self._database.open()
        try:
            async with background(self.application):
                try:
                    yield self.application
                finally:
                    for errands in self._errands:
                        await errands.finish()
        finally:
            await self._database.close()
            self._passwords.close()
            if self._redis is not None:
                await self._redis.close()


def build(settings: Settings, *, clock: Clock | None = None, mailer: Mailer | None = None) -> Service:
    """Put the service together, with another clock or another way to send mails if one is given.

    Raises WrongSetting.
    """
    container = Container(settings=settings)
    if clock is not None:
        container.clock.override(providers.Object(clock))
    if mailer is not None:
        container.mailer.override(providers.Object(mailer))
    errands = (container.look_ups(), container.deliveries())
    return Service(
        settings,
        container.application(),
        container.turns_to_read(),
        container.database(),
        container.passwords(),
        errands,
        container.redis(),
    )
