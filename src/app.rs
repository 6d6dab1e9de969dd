//! Puts the parts together: state, routes, layers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::auth::credentials::hashing::PasswordHasher;
use crate::auth::guard::leases::Leases;
use crate::base::clock::Clock;
use crate::base::realm::{Staff, Subscribers};
use crate::config::{DatabaseAddress, Settings};
use crate::connections::{self, Limits};
use crate::console::{self, ConsoleMessage};
use crate::db::{Db, DbRole, migrate};
use crate::mail::message::{Links, MailRoom};
use crate::mail::sns::Topic;
use crate::pdf::Printer;
use crate::portal::{self, PortalMessage, opening, places};
use crate::signing::SigningKeys;
use crate::tenant::directory::Directory;
use crate::tenant::hosts::Door;
use crate::web::assets::{serve, well_known};
use crate::web::error::Failure;
use crate::web::page::Pages;
use crate::web::prose::Shelf;
use crate::web::state::{App, AppState};
use crate::web::turns::Turns;
use crate::web::{hooks, layers};

/// Running requests may take this long to finish once the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Makes what writes the mails of a process. They link to pages of both doors.
#[must_use]
pub fn mail_room(pages: &Pages, settings: &Settings) -> MailRoom {
    let links = Links { portal: places::LINKS, console: console::places::LINKS };
    MailRoom::new(pages.templates(), settings.mail.domain.clone(), links)
}

/// Puts a server together and reads the unions.
///
/// # Errors
/// Fails if the database can't be reached, a template or a union's signing key is wrong, or a font is
/// missing.
pub async fn build(
    settings: &Settings,
    database: impl Into<DatabaseAddress>,
    clock: Clock,
) -> anyhow::Result<AppState> {
    let db = Db::new(database, DbRole::Server, settings.database.max_connections);
    let base = settings.base_url();
    let https = base.is_https();
    let pages = Pages::load(places::of_service)?;
    let mail = mail_room(&pages, settings);
    let returned_mail = settings.mail.sns_topic_arn.clone().map(Topic::new);
    let directory = Directory::load(&db, base).await?;
    let hasher = PasswordHasher::new(&settings.hashing);
    let sealer = settings.sealer()?;
    let printer = Printer::new(&settings.pdf)?;
    let signing = SigningKeys::load(&settings.signing)?;
    let client_address_header =
        settings.site.client_address_header.as_ref().map(|field| field.0.clone());
    Ok(Arc::new(App {
        db,
        clock,
        directory,
        hasher,
        leases: Leases::default(),
        mail,
        returned_mail,
        sealer,
        printer,
        signing,
        security: settings.security.clone(),
        turns: Turns::default(),
        pages,
        prose: Shelf::default(),
        https,
        client_address_header,
    }))
}

/// Builds every route, for every union. The host says which door a request comes to.
pub fn router(app: AppState) -> Router {
    let (portal, console) = (portal_door(&app), console_door(&app));
    let doors = Router::new()
        .fallback(async move |Extension(door): Extension<Door>, request: Request| {
            let router = match door {
                Door::Portal => portal.clone(),
                Door::Console => console.clone(),
            };
            router.oneshot(request).await
        })
        .layer(from_fn_with_state(app.clone(), layers::resolve_tenant));
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/hooks/ses", post(hooks::ses))
        .merge(doors)
        .layer(from_fn_with_state(app.clone(), layers::outermost))
        .with_state(app)
}

fn portal_door(app: &AppState) -> Router {
    portal::router()
        .fallback(|| async { Failure::NotFound })
        .layer(CatchPanicLayer::custom(|_| Failure::Unexpected.into_response()))
        .layer(from_fn_with_state(app.clone(), layers::known_visitor::<Subscribers>))
        .layer(from_fn(layers::same_origin))
        .layer(from_fn_with_state(app.clone(), opening::closed))
        .layer(from_fn_with_state(app.clone(), layers::note_foreign::<Subscribers>))
        .layer(from_fn(layers::bounded_cookies))
        .layer(from_fn_with_state(app.clone(), layers::error_pages::<PortalMessage>))
        .route("/assets/{name}", get(serve::serve))
        .route("/manifest.webmanifest", get(well_known::manifest))
        .route("/.well-known/security.txt", get(well_known::security_txt))
        .with_state(app.clone())
}

fn console_door(app: &AppState) -> Router {
    console::router()
        .fallback(|| async { Failure::NotFound })
        .layer(CatchPanicLayer::custom(|_| Failure::Unexpected.into_response()))
        .layer(from_fn_with_state(app.clone(), layers::known_visitor::<Staff>))
        .layer(from_fn(layers::same_origin))
        .layer(from_fn_with_state(app.clone(), layers::note_foreign::<Staff>))
        .layer(from_fn(layers::bounded_cookies))
        .layer(from_fn_with_state(app.clone(), layers::error_pages::<ConsoleMessage>))
        .route("/assets/{name}", get(serve::serve))
        .route("/.well-known/security.txt", get(well_known::security_txt))
        .with_state(app.clone())
}

/// Serves until `stop`, then lets running requests finish. The limits follow from what this process may
/// open.
pub async fn serve(app: AppState, router: Router, listener: TcpListener, stop: CancellationToken) {
    serve_within(Limits::of_this_process(), app, router, listener, stop).await;
}

/// Does what [`serve`] does, with limits that a test can choose.
pub async fn serve_within(
    limits: Limits,
    app: AppState,
    router: Router,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let follower = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { app.directory.follow(&app.db, &stop).await }
    });
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        () = connections::serve(listener, router, limits, &stop) => {}
        () = patience => tracing::warn!("requests were still running when the server stopped"),
    }
    let _ = follower.await;
    app.db.close().await;
}

/// `GET /readyz`: answers 200 if the database answers and has every migration.
async fn ready(State(app): State<AppState>) -> Response {
    let pending = async {
        let mut tx = app.db.platform().await?;
        migrate::pending(&mut tx).await
    };
    match pending.await {
        Ok(0) => (StatusCode::OK, "ready\n").into_response(),
        Ok(count) => {
            tracing::warn!(count, "migrations are pending");
            (StatusCode::SERVICE_UNAVAILABLE, "migrations pending\n").into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "database not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "database unavailable\n").into_response()
        }
    }
}
