"""The whole application on memory adapters: to try and to test use cases without a database."""

from datetime import timedelta

from adapters.memory.audit import MemoryNextUnsealed, MemoryOpenLog
from adapters.memory.counters import UnlimitedCounters
from adapters.memory.cursors import MemoryCursors
from adapters.memory.errands import MemoryErrands
from adapters.memory.identity import MemoryOpenIdentity
from adapters.memory.leftovers import MemoryLeftovers
from adapters.memory.long_work import MemoryLongWork
from adapters.memory.mail import MemoryMailer
from adapters.memory.organizations import MemoryOpenReception
from adapters.memory.passwords import MemoryPasswords
from adapters.memory.readiness import MemoryReadiness
from adapters.memory.removal import MemoryOpenRemains, MemoryRemovals
from adapters.memory.retention import MemoryOpenTrash, MemorySpaces
from adapters.memory.spaces import MemoryOpenSpace
from adapters.memory.store import MemoryStore
from adapters.memory.tokens import MemoryAccessTokens, MemoryRefreshTokens, MemorySessionCookies
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
    settings,
    sweeping,
    tags,
    task_lists,
    tasks,
    trash,
    verifying,
)
from application.facade import Application
from application.letters import Post
from application.passwords import ChangePassword, ConfirmPasswordReset, RequestPasswordReset, SendPasswordReset
from application.ports.clock import Clock
from application.ports.counters import Counters
from application.ports.ids import IdGenerator
from application.ports.passwords import Passwords
from application.recording.identity import RecordingOpenIdentity, RecordingOpenReception
from application.recording.scribe import Scribe, Unsealed
from application.recording.spaces import RecordingOpenSpace
from application.room import Room
from domain.quotas import Quotas
from domain.registration import RegistrationPolicy
from domain.session import SessionLimits
from domain.user import PasswordPolicy

LIMITS = SessionLimits(idle=timedelta(days=7), total=timedelta(days=30), grace=timedelta(seconds=10))
ACCESS_LIFETIME = timedelta(minutes=15)
POLICY = PasswordPolicy(frozenset({"password"}))
OPEN = RegistrationPolicy()


def application_in_memory(  # noqa: PLR0913 - each is what some test holds on to
    clock: Clock,
    new_id: IdGenerator,
    *,
    store: MemoryStore | None = None,
    passwords: Passwords | None = None,
    audit_reads: bool = False,
    post: Post | None = None,
    counters: Counters | None = None,
    registration: RegistrationPolicy = OPEN,
    quotas: Quotas | None = None,
    trash_kept: timedelta | None = timedelta(days=30),
) -> Application:
    """Every use case, on one store that forgets everything at the end. Nothing is limited, unless it is counted.

    The quotas are the usual ones.
    """
    store = store or MemoryStore()
    passwords = passwords or MemoryPasswords()
    post = post or Post(MemoryMailer(), MemoryErrands())
    counters = counters or UnlimitedCounters()
    quotas = quotas or Quotas()
    room = Room(quotas, clock)
    open_log, unsealed = MemoryOpenLog(store), Unsealed()
    scribe = Scribe(clock, new_id, open_log, unsealed)
    open_space = RecordingOpenSpace(MemoryOpenSpace(store, clock), scribe, audit_reads)
    open_identity = RecordingOpenIdentity(MemoryOpenIdentity(store, clock), scribe)
    cursors = MemoryCursors()
    seal_log = sealing.SealLog(open_log)
    inspect_log = verifying.InspectLog(open_log, seal_log, MemoryLongWork(), clock)
    open_reception = RecordingOpenReception(MemoryOpenReception(store, clock), scribe)
    access_tokens = MemoryAccessTokens(ACCESS_LIFETIME)
    refresh_tokens, cookies = MemoryRefreshTokens(), MemorySessionCookies()
    guard = limiting.SignInGuard(counters)
    prove_password = accounts.ProvePassword(guard, open_identity, passwords)
    start_session = authentication.StartSession(guard, open_identity, passwords, LIMITS, quotas, scribe, clock, new_id)
    open_account = accounts.OpenAccount(open_identity, passwords, POLICY, clock, new_id)
    check_session = authentication.CheckSession(open_identity)
    return Application(
        authenticate=authentication.Authenticate(access_tokens, clock),
        count_request=limiting.CountRequest(counters),
        check_session=check_session,
        record_forgery=refusals.RecordForgery(scribe, clock),
        answer_once=repeating.AnswerOnce(check_session, clock),
        sign_in=authentication.SignIn(start_session, access_tokens, refresh_tokens),
        sign_in_browser=authentication.SignInBrowser(start_session, cookies),
        authenticate_browser=authentication.AuthenticateBrowser(cookies, clock),
        renew_browser=authentication.RenewBrowser(open_identity, cookies, LIMITS, clock),
        list_csrf_tokens=authentication.ListCsrfTokens(cookies),
        refresh=authentication.Refresh(counters, open_identity, access_tokens, refresh_tokens, LIMITS, clock),
        sign_out=authentication.SignOut(open_identity, clock),
        register=accounts.Register(counters, open_account, registration, refresh_tokens, room),
        create_admin=accounts.CreateAdmin(open_account),
        get_me=accounts.GetMe(open_identity),
        change_me=accounts.ChangeMe(prove_password, counters, open_identity, post, clock),
        close_account=accounts.CloseAccount(prove_password, open_identity, clock),
        list_sessions=sessions.ListSessions(open_identity, clock, cursors),
        end_session=sessions.EndSession(open_identity, clock),
        end_all_sessions=sessions.EndAllSessions(open_identity, clock),
        list_users=administration.ListUsers(open_identity),
        change_user=administration.ChangeUser(open_identity, clock),
        find_accounts=administration.FindAccounts(open_identity),
        manage_account=administration.ManageAccount(open_identity, clock),
        change_password=ChangePassword(guard, open_identity, passwords, POLICY, post, scribe, clock),
        request_password_reset=RequestPasswordReset(
            counters, SendPasswordReset(open_identity, refresh_tokens, post, clock), post.errands
        ),
        confirm_password_reset=ConfirmPasswordReset(
            counters, open_identity, passwords, POLICY, refresh_tokens, post, clock
        ),
        found_organization=organizations.FoundOrganization(open_identity, clock, new_id, room),
        list_organizations=organizations.ListOrganizations(open_identity, cursors),
        get_organization=organizations.GetOrganization(open_space),
        rename_organization=organizations.RenameOrganization(open_space, clock),
        dissolve_organization=organizations.DissolveOrganization(open_space, clock),
        list_members=organizations.ListMembers(open_space, cursors),
        change_member_role=organizations.ChangeMemberRole(open_space, clock, room),
        remove_member=organizations.RemoveMember(open_space, clock),
        invite=organizations.Invite(open_space, refresh_tokens, clock, new_id, room),
        list_invitations=organizations.ListInvitations(open_space, clock, cursors),
        revoke_invitation=organizations.RevokeInvitation(open_space, clock),
        accept_invitation=organizations.AcceptInvitation(open_reception, refresh_tokens, clock, room),
        list_tasks=task_lists.ListTasks(open_space, clock, cursors),
        list_trash=task_lists.ListTrash(open_space, cursors),
        get_task=tasks.GetTask(open_space),
        create_task=tasks.CreateTask(open_space, clock, new_id, room),
        replace_task=tasks.ReplaceTask(open_space, clock, new_id, room),
        change_task=tasks.ChangeTask(open_space, clock, new_id, room),
        complete_task=tasks.CompleteTask(open_space, clock),
        toggle_task=tasks.ToggleTask(open_space, clock),
        delete_task=tasks.DeleteTask(open_space, clock),
        create_tasks=bulk.CreateTasks(open_space, clock, new_id, room),
        change_tasks=bulk.ChangeTasks(open_space, clock),
        delete_tasks=bulk.DeleteTasks(open_space, clock),
        delete_found_tasks=bulk.DeleteFoundTasks(open_space, clock),
        restore_task=trash.RestoreTask(open_space, clock),
        purge_task=trash.PurgeTask(open_space),
        empty_trash=trash.EmptyTrash(open_space),
        transfer_task=tasks.TransferTask(open_space, clock, new_id, room),
        list_tags=tags.ListTags(open_space, cursors),
        get_tag=tags.GetTag(open_space),
        create_tag=tags.CreateTag(open_space, clock, new_id, room),
        change_tag=tags.ChangeTag(open_space, clock),
        delete_tag=tags.DeleteTag(open_space, clock),
        list_documents=documents.ListDocuments(open_space, cursors),
        get_document=documents.GetDocument(open_space),
        create_document=documents.CreateDocument(open_space, clock, new_id, room),
        replace_document=documents.ReplaceDocument(open_space, clock, room),
        change_document=documents.ChangeDocument(open_space, clock, room),
        delete_document=documents.DeleteDocument(open_space),
        list_settings=settings.ListSettings(open_space, cursors),
        get_setting=settings.GetSetting(open_space),
        put_setting=settings.PutSetting(open_space, clock, room),
        delete_setting=settings.DeleteSetting(open_space),
        list_events=audit.ListEvents(open_space, cursors),
        list_account_events=audit.ListAccountEvents(open_identity, cursors),
        verify_log=audit.VerifyLog(open_space, inspect_log),
        inspect_log=inspect_log,
        seal_grown_logs=sealing.SealGrownLogs(seal_log, unsealed),
        seal_left_events=sealing.SealLeftEvents(MemoryNextUnsealed(store), seal_log, clock),
        sweep_leftovers=sweeping.SweepLeftovers(MemoryLeftovers(store), clock),
        sweep_remains=removal.SweepRemains(MemoryRemovals(store), MemoryOpenRemains(store), scribe, clock),
        purge_expired_trash=retention.PurgeExpiredTrash(
            MemorySpaces(store), MemoryOpenTrash(store), scribe, clock, trash_kept
        ),
        check_readiness=operations.CheckReadiness(MemoryReadiness()),
    )
