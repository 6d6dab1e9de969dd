//! The acts of staff on a person (A3, R4, L2). Each page names the person once more, asks as a question, says what will and
//! what will not happen, and wants a reason. GET shows it, POST does it.

mod caller;
mod frame;
mod hold;
mod letter;
mod mail;
mod reset;
mod sessions;
#[cfg(test)]
pub(super) mod templates;
mod unlock;
mod user_id;
mod words;

use axum::routing::get;

use super::places::{
    CALLER, CORRECT_USER_ID, END_SESSIONS, HOLD, LETTER, LETTER_RETURNED, MAIL, RELEASE, RESET,
    UNLOCK,
};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    let help = Access::Staff(Right::HelpPeople);
    let replace = Access::Staff(Right::ReplaceCredentials);
    Routes::default()
        .route(CALLER, help, get(caller::show).post(caller::submit))
        .route(UNLOCK, help, get(unlock::show).post(unlock::submit))
        .route(END_SESSIONS, help, get(sessions::show).post(sessions::submit))
        .route(RESET, replace, get(reset::show).post(reset::submit))
        .route(LETTER, replace, get(letter::show).post(letter::submit))
        .route(LETTER_RETURNED, help, get(letter::show_returned).post(letter::submit_returned))
        .route(CORRECT_USER_ID, help, get(user_id::show).post(user_id::submit))
        .route(HOLD, help, get(hold::show).post(hold::submit))
        .route(RELEASE, help, get(hold::show_release).post(hold::submit_release))
        .route(MAIL, help, get(mail::show).post(mail::submit))
}
