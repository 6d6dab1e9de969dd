//! The files for a tax return (D1, D2, D4).

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::deduction::{DeductionFormat, year};
use crate::expenses::deduction::{self, Deduction};
use crate::expenses::{csv, etax, pdf};
use crate::portal::places::EXPENSES_DEDUCTION;
use crate::records::reader::Reader;
use crate::web::download::{PDF, download};
use crate::web::error::WebError;
use crate::web::identity::{Subscriber, Visitor};
use crate::web::state::AppState;
use crate::web::to_the_end::to_the_end;
use crate::web::turns::PersonTurn;

const CSV: &str = "text/csv; charset=utf-8";

pub(super) async fn send(
    State(app): State<AppState>,
    turn: PersonTurn,
    Path((format, asked)): Path<(String, String)>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let format = DeductionFormat::parse(&format).ok_or(WebError::NotFound)?;
    let years = deduction::years(app.clock.today());
    let year = year(&asked, &years).ok_or(WebError::NotFound)?;
    let union = visitor.tenant.config.name.clone();
    let mut tx = visitor.begin(&app).await?;
    let deduction = deduction::of(&mut tx, Reader::of(&session), &union, year).await?;
    tx.commit().await?;
    let unfit = format == DeductionFormat::Xml && !etax::unfit(&deduction).is_empty();
    if deduction.lines.is_empty() || unfit {
        // The page says why there is none.
        let page = format!("{EXPENSES_DEDUCTION}/{}?year={year}", format.name());
        return Ok(Redirect::to(&page).into_response());
    }
    let slug = visitor.tenant.config.slug.as_str();
    match format {
        DeductionFormat::Xml => signed(app, &visitor, deduction, turn).await,
        DeductionFormat::Csv => {
            let name = format!("医療費通知データ_{union}_{year}年.csv");
            let plain = csv::file_name(slug, year);
            Ok(download(&name, &plain, CSV, csv::deduction(&deduction)))
        }
        DeductionFormat::Pdf => {
            let name = format!("医療費控除通知_{union}_{year}年.pdf");
            let plain = format!("iryohi-{slug}-{year}.pdf");
            // The turn lasts until the work is done, even if the browser hangs up.
            let file = to_the_end(async move {
                let _held = turn;
                pdf::deduction(&app.printer, &deduction).await
            });
            Ok(download(&name, &plain, PDF, file.await?))
        }
    }
}

/// Sends XML signed with the union's key. Without a key the file is not found.
async fn signed(
    app: AppState,
    visitor: &Visitor,
    deduction: Deduction,
    turn: PersonTurn,
) -> Result<Response, WebError> {
    let slug = visitor.tenant.config.slug.as_str().to_owned();
    // Signing keeps a processor busy, so it runs apart from the threads that answer requests.
    let processor = app.turns.sign().await;
    let made = tokio::task::spawn_blocking(move || {
        // Both last until the file is made, even if the browser hangs up before.
        let _held = (turn, processor);
        let key = app.signing.of(&slug, app.clock.now())?;
        Some(etax::file(&deduction, key, &slug, app.clock.today()))
    });
    let file = made.await?.ok_or(WebError::NotFound)??;
    Ok(download(&file.name, &file.name, file.content_type, file.bytes))
}
