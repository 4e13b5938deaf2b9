//! The filters that issues and merge requests share.
//! <https://docs.gitlab.com/api/issues/#list-all-issues>

use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::parameters::Params;
use crate::world::Award;

/// What filters look at.
pub(crate) struct Traits<'a> {
    pub(crate) iid: u64,
    pub(crate) author: u64,
    pub(crate) assignees: &'a [u64],
    pub(crate) labels: &'a [String],
    pub(crate) milestone: Option<u64>,
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) awards: &'a [Award],
}

/// `None`, `Any`, or one of these.
#[derive(Clone, Debug)]
pub(crate) enum Wanted<T> {
    Nothing,
    Anything,
    One(Vec<T>),
}

impl<T: PartialEq> Wanted<T> {
    pub(crate) fn fits(&self, have: &[T]) -> bool {
        match self {
            Self::Nothing => have.is_empty(),
            Self::Anything => !have.is_empty(),
            Self::One(wanted) => wanted.iter().any(|one| have.contains(one)),
        }
    }

    fn fits_all(&self, have: &[T]) -> bool {
        match self {
            Self::One(wanted) => wanted.iter().all(|one| have.contains(one)),
            other => other.fits(have),
        }
    }
}

/// The filters of one request.
#[derive(Debug)]
pub(crate) struct Filter {
    iids: Option<Vec<u64>>,
    author: Option<Wanted<u64>>,
    assignee: Option<Wanted<u64>>,
    labels: Option<Wanted<String>>,
    milestone: Option<Wanted<u64>>,
    reaction: Option<Wanted<String>>,
    search: Option<String>,
    within: Vec<String>,
    created: (Option<Timestamp>, Option<Timestamp>),
    updated: (Option<Timestamp>, Option<Timestamp>),
    not: Option<Box<Self>>,
}

impl Filter {
    /// Reads the parameters of a list.
    pub(crate) fn read(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let mut filter = Self::of(cx, &cx.params)?;
        if let Some(not) = cx.params.object("not") {
            filter.not = Some(Box::new(Self::of(cx, &not)?));
        }
        Ok(filter)
    }

    fn of(cx: &Cx<'_>, params: &Params) -> Result<Self, ApiError> {
        let within = params
            .filled("in")
            .unwrap_or_else(|| "title,description".to_owned());
        Ok(Self {
            iids: params.ids("iids")?,
            author: people(cx, params, "author")?,
            assignee: people(cx, params, "assignee")?,
            labels: params
                .list("labels")
                .filter(|list| !list.is_empty())
                .map(words),
            milestone: milestone(cx, params)?,
            reaction: params.list("my_reaction_emoji").map(words),
            search: params.filled("search").map(|text| text.to_lowercase()),
            within: within
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect(),
            created: (
                params.time("created_after")?,
                params.time("created_before")?,
            ),
            updated: (
                params.time("updated_after")?,
                params.time("updated_before")?,
            ),
            not: None,
        })
    }

    pub(crate) fn fits(&self, cx: &Cx<'_>, row: &Traits<'_>) -> bool {
        let milestone: Vec<u64> = row.milestone.into_iter().collect();
        let (created, updated) = (self.created, self.updated);
        let mine = || -> Vec<String> {
            let own = row
                .awards
                .iter()
                .filter(|award| Some(award.user) == cx.caller.user);
            own.map(|award| award.name.clone()).collect()
        };
        self.iids
            .as_ref()
            .is_none_or(|iids| iids.is_empty() || iids.contains(&row.iid))
            && self
                .author
                .as_ref()
                .is_none_or(|who| who.fits(&[row.author]))
            && self
                .assignee
                .as_ref()
                .is_none_or(|who| who.fits(row.assignees))
            && self
                .labels
                .as_ref()
                .is_none_or(|labels| labels.fits_all(row.labels))
            && self
                .milestone
                .as_ref()
                .is_none_or(|wanted| wanted.fits(&milestone))
            && self
                .reaction
                .as_ref()
                .is_none_or(|wanted| wanted.fits(&mine()))
            && self
                .search
                .as_ref()
                .is_none_or(|text| self.finds(text, row))
            && within(created, row.created_at)
            && within(updated, row.updated_at)
            && self
                .not
                .as_ref()
                .is_none_or(|not| not.avoids(row, &milestone))
    }

    /// Every word of the search stands somewhere.
    fn finds(&self, text: &str, row: &Traits<'_>) -> bool {
        let mut hay = String::new();
        if self.within.iter().any(|part| part == "title") {
            hay.push_str(&row.title.to_lowercase());
        }
        if self.within.iter().any(|part| part == "description") {
            hay.push('\n');
            hay.push_str(&row.description.to_lowercase());
        }
        text.split_whitespace().all(|word| hay.contains(word))
    }

    /// The filters inside `not[…]`: none of them may fit.
    fn avoids(&self, row: &Traits<'_>, milestone: &[u64]) -> bool {
        self.iids
            .as_ref()
            .is_none_or(|iids| !iids.contains(&row.iid))
            && self
                .author
                .as_ref()
                .is_none_or(|who| !who.fits(&[row.author]))
            && self
                .assignee
                .as_ref()
                .is_none_or(|who| !who.fits(row.assignees))
            && self
                .labels
                .as_ref()
                .is_none_or(|labels| !labels.fits(row.labels))
            && self
                .milestone
                .as_ref()
                .is_none_or(|wanted| !wanted.fits(milestone))
    }
}

fn within((after, before): (Option<Timestamp>, Option<Timestamp>), at: Timestamp) -> bool {
    after.is_none_or(|bound| at >= bound) && before.is_none_or(|bound| at <= bound)
}

fn words(list: Vec<String>) -> Wanted<String> {
    match list.as_slice() {
        [one] if one.eq_ignore_ascii_case("none") => Wanted::Nothing,
        [one] if one.eq_ignore_ascii_case("any") => Wanted::Anything,
        _ => Wanted::One(list),
    }
}

/// `<role>_username` wins over `<role>_id`; a name nobody has finds nothing.
pub(crate) fn people(
    cx: &Cx<'_>,
    params: &Params,
    role: &str,
) -> Result<Option<Wanted<u64>>, ApiError> {
    if let Some(names) = params
        .list(&format!("{role}_username"))
        .filter(|names| !names.is_empty())
    {
        let wanted = match words(names) {
            Wanted::One(names) => {
                let users = cx.world.users.values();
                let found = users.filter(|user| {
                    names
                        .iter()
                        .any(|name| user.username.eq_ignore_ascii_case(name))
                });
                Wanted::One(found.map(|user| user.id).collect())
            }
            Wanted::Nothing => Wanted::Nothing,
            Wanted::Anything => Wanted::Anything,
        };
        return Ok(Some(wanted));
    }
    let name = format!("{role}_id");
    match params
        .filled(&name)
        .map(|text| text.to_lowercase())
        .as_deref()
    {
        None => Ok(None),
        Some("none" | "0") => Ok(Some(Wanted::Nothing)),
        Some("any") => Ok(Some(Wanted::Anything)),
        Some(_) => Ok(params.id(&name)?.map(|id| Wanted::One(vec![id]))),
    }
}

fn milestone(cx: &Cx<'_>, params: &Params) -> Result<Option<Wanted<u64>>, ApiError> {
    let Some(title) = params
        .filled("milestone")
        .or_else(|| params.filled("milestone_id"))
    else {
        return Ok(None);
    };
    let today = cx.now.date();
    let ids = |fits: &dyn Fn(&crate::world::Milestone) -> bool| {
        let found = cx
            .world
            .milestones
            .values()
            .filter(|milestone| fits(milestone));
        Wanted::One(found.map(|milestone| milestone.id).collect())
    };
    let before = |day: &Option<String>| day.as_ref().is_some_and(|day| *day <= today);
    Ok(Some(match title.to_lowercase().as_str() {
        "none" => Wanted::Nothing,
        "any" => Wanted::Anything,
        "started" => ids(&|one| one.state == "active" && before(&one.start_date)),
        "upcoming" => {
            ids(&|one| one.state == "active" && !before(&one.due_date) && one.due_date.is_some())
        }
        _ => match params.id("milestone_id")? {
            Some(id) => Wanted::One(vec![id]),
            None => ids(&|one| one.title == title),
        },
    }))
}
