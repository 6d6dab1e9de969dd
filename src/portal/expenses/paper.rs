//! 「医療費明細 (PDF)」 (E6), of a period and of a search.

use axum::response::Response;

use super::PDF;
use crate::expenses::pdf::{self, StatementSheet};
use crate::expenses::statement::Statement;
use crate::web::download::download;
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::state::App;

/// What goes on paper, and what it is saved as.
pub(super) struct Paper {
    pub(super) title: String,
    pub(super) insured: String,
    pub(super) statement: Statement,
    pub(super) name: String,
    /// The name in ASCII.
    pub(super) plain: String,
}

/// Prints it in the person's turn, and sends it.
pub(super) async fn send(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    paper: Paper,
) -> Result<Response, WebError> {
    let sheet = StatementSheet {
        union: &visitor.tenant.config.name,
        title: &paper.title,
        insured: &paper.insured,
        statement: paper.statement,
    };
    let _turn = app.turns.of(session.login).await;
    let file = pdf::statement(&app.printer, &sheet).await?;
    Ok(download(&paper.name, &paper.plain, PDF, file))
}
