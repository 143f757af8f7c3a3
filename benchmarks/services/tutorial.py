"""The usual tutorial style: a session of the ORM for each request, the user loaded each time, a response model."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import bcrypt
import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.services.tutorial_models import Account, Base, Task, TaskIn, TaskOut, TaskPage, Token, User, now


def create_app() -> FastAPI:
    """The service; for ``uvicorn --factory``."""
    app = FastAPI(lifespan=_lifespan)
    app.state.secret = os.environ["TUTORIAL_SECRET"]
    app.post("/auth/register", status_code=201)(register)
    app.post("/auth/login", response_model=Token)(login)
    app.get("/tasks/{task_id}", response_model=TaskOut)(get_task)
    app.get("/tasks", response_model=TaskPage)(list_tasks)
    app.post("/tasks", response_model=TaskOut, status_code=201)(create_task)
    app.get("/readyz")(ready)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(os.environ["TUTORIAL_DATABASE_URL"], pool_size=10, max_overflow=20)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def get_user(request: Request, session: Session, credentials: Credentials) -> User:
    try:
        claims = jwt.decode(credentials.credentials, request.app.state.secret, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    user = await session.get(User, UUID(claims["sub"]))
    if user is None:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(get_user)]


async def register(session: Session, account: Account) -> None:
    hashed = await run_in_threadpool(bcrypt.hashpw, account.password.encode(), bcrypt.gensalt(12))
    session.add(User(email=account.email, password_hash=hashed.decode()))
    await session.commit()


async def login(request: Request, session: Session, account: Account) -> Token:
    user = (await session.execute(select(User).where(User.email == account.email))).scalar_one()
    if not await run_in_threadpool(bcrypt.checkpw, account.password.encode(), user.password_hash.encode()):
        raise HTTPException(401)
    claims = {"sub": str(user.id), "exp": now() + timedelta(hours=1)}
    return Token(access_token=jwt.encode(claims, request.app.state.secret, algorithm="HS256"))


async def get_task(session: Session, user: CurrentUser, task_id: UUID) -> Any:
    task = await session.get(Task, task_id)
    if task is None or task.owner_id != user.id:
        raise HTTPException(404)
    return task


async def list_tasks(
    session: Session, user: CurrentUser, status: str | None = None, priority: str | None = None
) -> Any:
    wanted = [Task.owner_id == user.id]
    wanted += [] if status is None else [Task.status == status]
    wanted += [] if priority is None else [Task.priority == priority]
    total = (await session.execute(select(func.count()).select_from(Task).where(*wanted))).scalar_one()
    newest = select(Task).where(*wanted).order_by(Task.created_at.desc(), Task.id.desc()).limit(20)
    return {"items": (await session.execute(newest)).scalars().all(), "total": total}


async def create_task(session: Session, user: CurrentUser, body: TaskIn) -> Any:
    task = Task(**body.model_dump(), owner_id=user.id)
    session.add(task)
    await session.commit()
    await session.refresh(task)
    return task


async def ready() -> None:
    """Nothing to be said."""
