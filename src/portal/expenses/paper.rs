//! 「医療費明細 (PDF)」 (E6), of a period and of a search.

use axum::response::Response;

use crate::expenses::pdf::{self, StatementSheet};
use crate::expenses::statement::Statement;
use crate::web::download::{PDF, download};
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::state::App;
use crate::web::to_the_end::to_the_end;
use crate::web::turns::Turn;

/// What goes on paper, and what it is saved as.
pub(super) struct Paper {
    pub(super) title: String,
    pub(super) insured: String,
    pub(super) statement: Statement,
    pub(super) name: String,
    /// The name in ASCII.
    pub(super) plain: String,
}

/// Prints it in the person's turn, which ends with the work though the browser hangs up, and sends it.
pub(super) async fn send(
    app: &App,
    visitor: &Visitor,
    turn: Turn,
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
