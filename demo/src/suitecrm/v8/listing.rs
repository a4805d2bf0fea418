//! Reading lists and records. Without a page size twenty rows come, and nothing says that there
//! are more.

use serde_json::{Value, json};

use super::Answer;
use super::filter::Parameters;
use crate::suitecrm::http::Call;
use crate::suitecrm::store::Row;
use crate::suitecrm::users::Act;
use crate::suitecrm::work::Work;

/// Rows without a page size.
pub(super) const PAGE: usize = 20;

impl Work<'_> {
    pub(super) fn list_v8(&self, call: &Call, name: &str) -> Answer {
        let module = self.module_v8(name, Act::List)?;
        let asked = Parameters::read(&call.query, module, false)?;
        let own = self.user.lists_own(name);
        let mut rows: Vec<&Row> = self
            .store
            .rows(name)
            .filter(|row| {
                !row.is_deleted() && (!own || row.text("assigned_user_id") == self.user.id)
            })
            .filter(|row| asked.fits(self.store, module, row))
            .collect();
        asked.order(self.store, module, &mut rows);
        let total = rows.len();
        let page = page(rows, &asked);
        let data: Vec<Value> = page
            .iter()
            .map(|row| {
                let place = format!("V8/module/{name}/{}", row.text("id"));
                self.resource(module, row, asked.fields.as_deref(), &place)
            })
            .collect();
        let Some(size) = asked.size else {
            return Ok((200, json!({"data": data})));
        };
        let pages = total.div_ceil(size);
        Ok((
            200,
            json!({
                "meta": {"total-pages": pages, "records-on-this-page": data.len()},
                "data": data,
                "links": links(call, name, asked.number, pages),
            }),
        ))
    }

    pub(super) fn read_v8(&self, call: &Call, name: &str, id: &str) -> Answer {
        let module = self.module_v8(name, Act::Access)?;
        let asked = Parameters::read(&call.query, module, false)?;
        let row = self.row_v8(module, id)?;
        let place = format!("V8/module/{name}/{id}");
        Ok((
            200,
            json!({"data": self.resource(module, row, asked.fields.as_deref(), &place)}),
        ))
    }

    pub(super) fn related_v8(&self, call: &Call, name: &str, id: &str, link: &str) -> Answer {
        let module = self.module_v8(name, Act::Access)?;
        let row = self.row_v8(module, id)?;
        let (link, other) = self.link_v8(module, link)?;
        let asked = Parameters::read(&call.query, other, true)?;
        let mut rows = self.store.linked(module, row, link);
        rows.retain(|row| asked.fits(self.store, other, row));
        asked.order(self.store, other, &mut rows);
        let total = rows.len();
        let page = page(rows, &asked);
        let data: Vec<Value> = page
            .iter()
            .map(|row| {
                let id = row.text("id");
                json!({
                    "type": other.object, "id": id,
                    "attributes": self.attributes(other, row, None),
                    "links": {"self": format!("V8/module/{}/{id}", other.object)},
                })
            })
            .collect();
        let pages = total.div_ceil(asked.size.unwrap_or(PAGE));
        Ok((
            200,
            json!({
                "meta": {"total-records": total, "total-pages": pages, "records-on-this-page": data.len()},
                "data": data,
            }),
        ))
    }
}

fn page<'r>(rows: Vec<&'r Row>, asked: &Parameters) -> Vec<&'r Row> {
    let size = asked.size.unwrap_or(PAGE);
    let skipped = asked.number.saturating_sub(1) * size;
    rows.into_iter().skip(skipped).take(size).collect()
}

/// Addresses of other pages. A page whose number was not said counts as the one before the first.
fn links(call: &Call, module: &str, number: usize, pages: usize) -> Value {
    let address = |page: usize| {
        let mut pairs = Vec::new();
        for (key, value) in call.query.iter().filter(|(key, _)| key != "page[number]") {
            pairs.push(format!("{key}={value}"));
            if key == "page[size]" {
                pairs.push(format!("page[number]={page}"));
            }
        }
        json!(format!("V8/module/{module}?{}", pairs.join("&")))
    };
    let if_some = |is: bool, page: usize| if is { address(page) } else { Value::Null };
    json!({
        "first": if_some(number > 1, 1),
        "prev": if_some(number > 1, number.saturating_sub(1)),
        "next": if_some(number < pages, number + 1),
        "last": address(pages),
    })
}
