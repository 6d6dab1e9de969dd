//! Sends 「医療費明細 (PDF)」 (E6) of a period and of a search.

use axum::response::Response;

use crate::expenses::pdf::{self, StatementSheet};
use crate::expenses::statement::Statement;
use crate::web::download::{PDF, download};
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::state::App;
use crate::web::to_the_end::to_the_end;
use crate::web::turns::PersonTurn;

/// The contents and the names of a PDF.
pub(super) struct Paper {
    pub(super) title: String,
    pub(super) insured: String,
    pub(super) statement: Statement,
    pub(super) name: String,
    /// The file's name in ASCII.
    pub(super) plain: String,
}

/// Prints a PDF and sends it. The person's turn lasts until the work is done, even if the browser hangs up.
pub(super) async fn send(
    app: &App,
    visitor: &Visitor,
    turn: PersonTurn,
    paper: Paper,
) -> Result<Response, WebError> {
    let (printer, union) = (app.printer.clone(), visitor.tenant.config.name.clone());
    let Paper { title, insured, statement, name, plain } = paper;
    let file = to_the_end(async move {
        let _held = turn;
        let sheet = StatementSheet { union: &union, title: &title, insured: &insured, statement };
        pdf::statement(&printer, &sheet).await
    });
    Ok(download(&name, &plain, PDF, file.await?))
}
