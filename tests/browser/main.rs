//! The product in Chromium, with the real program: `kosmo demo` in a temporary folder, told as
//! stories of what people do. Buttons and fields are found by the words that people see.

mod axe;
mod browser;
mod demo;
mod devices;
mod downloads;
mod keys;
mod layout;
mod net;
mod sample;
mod seed;
mod settings_steps;
mod steps;
mod table;
mod wait;
mod walk;

mod answers;
mod deduction;
mod deep_links;
mod expense_pages;
mod expenses;
mod family;
mod first_sign_in;
mod graph;
mod keyboard;
mod mailed_code;
mod mistakes;
mod old_browser;
mod pages;
mod passkey_alone;
mod recovery;
mod running;
mod set_up;
mod settings;
mod settings_devices;
mod settings_keyboard;
mod sibling;
mod single_form;
mod statement;
mod unions;
mod updated_terms;
mod wayfinding;
mod without_scripts;
