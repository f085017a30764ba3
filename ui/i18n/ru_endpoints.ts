/**
 * @module
 * The texts in Russian of endpoints.
 */
import type { enEndpoints } from "./en_endpoints.ts";

/** The texts in Russian of endpoints. */
export const ruEndpoints: Record<keyof typeof enEndpoints, string> = {
  "page.endpoints": "Телефоны",
  "page.endpoint_logs": "Журнал: {name}",
  "page.endpoint_config": "Конфигурация: {name}",
  "page.endpoint_new": "Новый телефон",
  "page.logs": "Журнал Asterisk",

  "frame.endpoints":
    "{n, plural, one {# тревога о телефонах} few {# тревоги о телефонах} many {# тревог о телефонах} other {# тревоги о телефонах}}",

  "endpoints.view": "Вид",
  "endpoints.cards": "Карточки",
  "endpoints.table": "Таблица",
  "endpoints.search": "Имя, номер, человек, адрес",
  "endpoints.shown": "{n, plural, one {# телефон} few {# телефона} many {# телефонов} other {# телефона}}",
  "endpoints.call": "В разговоре",
  "mark.flapping": "То есть, то нет",
  "endpoints.pbx": "Asterisk",
  "endpoints.order": "Порядок",
  "endpoints.order.ascending": "Наоборот: по возрастанию",
  "endpoints.order.descending": "Наоборот: по убыванию",
  "endpoints.pbx.all": "Все Asterisk",
  "endpoints.alert": "Только из одной тревоги",
  "endpoints.none": "Под эти фильтры не подходит ни один телефон",
  "endpoints.no_asterisk": "Asterisk не настроен",
  "endpoints.no_asterisk.do":
    "Здесь видны телефоны того Asterisk, к которому подключён Doorline. Укажите учётную запись AMI в настройках службы и перезапустите её:",
  "endpoints.empty": "В этом Asterisk нет телефонов",
  "endpoints.empty.do": "Каждый endpoint из его pjsip.conf появится здесь сам.",
  "endpoints.wait": "Телефоны ещё не известны",
  "endpoints.wait.do": "Они будут прочитаны, как только появится связь с Asterisk.",
  "endpoints.logs": "Все журналы",
  "endpoints.new": "Новый телефон",

  "column.owner": "Человек",
  "column.call": "Разговор с",
  "column.contact": "Контакт",
  "column.rtt": "Отклик",
  "column.changed": "Изменение",
  "column.expires": "Истекает",

  "asterisk.phones":
    "{n, plural, =0 {нет телефонов} one {# телефон} few {# телефона} many {# телефонов} other {# телефона}}",
  "asterisk.hides":
    "{n, plural, =0 {О его телефонах ничего не известно с {at}.} one {Состояние # телефона неизвестно с {at}.} few {Состояние всех # телефонов неизвестно с {at}.} many {Состояние всех # телефонов неизвестно с {at}.} other {Состояние всех # телефонов неизвестно с {at}.}}",
  "asterisk.still": "Сами они могут работать: их не видит только Doorline.",
  "asterisk.refused": "Проверьте имя и пароль учётной записи AMI, затем журнал службы.",

  "endpoint.flapping": "то есть, то нет",
  "endpoint.flapping.title": "В последнее время слишком часто пропадал: проверьте сеть и регистрацию.",
  "endpoint.reason.no_contact": "Нет регистрации",
  "endpoint.reason.unreachable": "Не отвечает",
  "endpoint.reason.link_down": "Нет связи с Asterisk",
  "endpoint.reason.no_data": "Asterisk ещё не сообщил",
  "endpoint.reason.qualifying": "Asterisk ждёт первого ответа",
  "endpoint.reason.no_aor": "Нет AOR",
  "endpoint.reason.no_contact.do": "Проверьте питание, сеть и учётную запись в телефоне.",
  "endpoint.reason.unreachable.do": "Проверьте его сеть: он зарегистрирован и молчит.",
  "endpoint.reason.link_down.do": "Будет прочитан заново, когда связь вернётся.",
  "endpoint.never_online": "Ещё не был на связи",
  "endpoint.last_online": "Был на связи",

  "endpoint.call.ringing": "Звонит",
  "endpoint.call.waiting": "Вызывает",
  "endpoint.call.talking": "В разговоре",
  "endpoint.call.up": "Соединён",
  "endpoint.call.in": "Ему звонят",
  "endpoint.call.out": "Звонит он",
  "endpoint.call.nobody": "пока никто",
  "endpoint.call.more":
    "{n, plural, one {и ещё # звонок} few {и ещё # звонка} many {и ещё # звонков} other {и ещё # звонка}}",

  "contact.reachable": "Отвечает",
  "contact.unreachable": "Не отвечает",
  "contact.non_qualified": "Не опрашивается",
  "contact.unknown": "Неизвестно",
  "contact.none": "Нет контактов",
  "contact.more": "{n, plural, one {# контакт} few {# контакта} many {# контактов} other {# контакта}}",
  "contact.expires": "через {span}",
  "contact.expired": "просрочен",
  "contact.static": "не истекает",
  "contact.ms": "{ms} мс",
  "contact.empty": "Никто не зарегистрирован",
  "contact.empty.do": "Контакт появится, как только телефон зарегистрируется под этим именем.",

  "endpoint.logs": "Журнал",
  "endpoint.logs.of": "Журнал: {name}",
  "endpoint.config": "Конфигурация",
  "endpoint.config.edit": "Изменить конфигурацию",
  "endpoint.config.of": "Конфигурация: {name}",
  "endpoint.refresh": "Обновить",
  "endpoint.refresh.of": "Обновить: {name}",
  "endpoint.refresh.title":
    "Спросит телефон, на связи ли он (OPTIONS), и прочитает его заново из Asterisk. Разговору не мешает.",
  "endpoint.refresh.busy": "Запрос…",
  "endpoint.refresh.answered": "Ответил за {ms} мс",
  "endpoint.refresh.silent": "Спросили, не отвечает",
  "endpoint.refresh.waits": "Спросили, ответа пока нет",
  "endpoint.refresh.unasked": "Прочитан заново; этот телефон не опрашивается",
  "endpoint.refresh.nobody": "Никто не зарегистрирован: спросить некого",

  "endpoint.roundtrip": "Отклик",
  "endpoint.calls": "Звонки сейчас",
  "endpoint.contacts": "Контакты",
  "endpoint.details": "Подробности",
  "endpoint.name": "Имя в pjsip.conf",
  "endpoint.pbx": "Asterisk",
  "endpoint.aors": "AOR",
  "endpoint.auths": "Auth",
  "endpoint.transport": "Транспорт",
  "endpoint.device": "Состояние устройства",
  "endpoint.changed": "Изменение",
  "endpoint.not_set": "не задано",
  "endpoint.alert.all": "Показать всех",

  "endpoint.availability": "Доступность",
  "endpoint.day": "24 часа",
  "endpoint.week": "7 дней",
  "endpoint.month": "30 дней",
  "endpoint.ratio": "{n} %",
  "endpoint.ratio.none": "не известно",
  "endpoint.offline_for": "нет связи {span}",
  "endpoint.unknown_for": "неизвестно {span}",
  "endpoint.always": "всегда на связи",
  "endpoint.bar": "Последние {name}: на связи {online}, нет связи {offline}, неизвестно {unknown}",
  "endpoint.unread": "Ещё не прочитано",
  "endpoint.now": "сейчас",
  "endpoint.history": "История",
  "endpoint.still": "Ниже только то, что известно сейчас.",

  "endpoint.gone": "Телефона {name} нет",
  "endpoint.gone.text": "Его могли удалить из pjsip.conf, или Asterisk о нём ещё не сообщил.",
  "endpoint.which": "Телефон {name} есть в нескольких Asterisk",
  "endpoint.which.text": "Какой из них?",

  "trouble.phones":
    "{n, plural, one {# телефон без связи} few {# телефона без связи} many {# телефонов без связи} other {# телефона без связи}}",
  "trouble.phones_of":
    "{n, plural, one {# телефон из {site} без связи} few {# телефона из {site} без связи} many {# телефонов из {site} без связи} other {# телефона из {site} без связи}}",
  "trouble.phones_one": "Телефон без связи",
  "trouble.phones_one.of": "Телефон на {pbx} без связи",
  "trouble.phones.was":
    "{n, plural, one {# телефон был без связи} few {# телефона были без связи} many {# телефонов были без связи} other {# телефона были без связи}}",
  "trouble.phones_of.was":
    "{n, plural, one {# телефон из {site} был без связи} few {# телефона из {site} были без связи} many {# телефонов из {site} были без связи} other {# телефона из {site} были без связи}}",
  "trouble.phones_one.was": "Телефон был без связи",
  "trouble.phones.unheard": "Как сейчас, не знает никто: Asterisk {pbx} не слышно.",
  "trouble.phones.do": "Проверьте питание, сеть и учётную запись в телефоне.",
  "trouble.phones.site": "Они из одной сети: сначала проверьте её маршрутизатор, питание или канал.",
  "trouble.flapping":
    "{n, plural, one {# телефон то есть, то нет} few {# телефона то есть, то нет} many {# телефонов то есть, то нет} other {# телефона то есть, то нет}}",
  "trouble.flapping_one": "Телефон то есть, то нет",
  "trouble.asterisk_phones":
    "{n, plural, one {Состояние # телефона неизвестно.} few {Состояние # телефонов неизвестно.} many {Состояние # телефонов неизвестно.} other {Состояние # телефонов неизвестно.}}",
  "trouble.since_at": "с {at}",
  "alert.names.more": "и ещё {n}",
  "alert.names.less": "Свернуть",
  "alerts.title": "Слишком долго нет связи",
  "alerts.count": "{n, plural, one {# тревога} few {# тревоги} many {# тревог} other {# тревоги}}",
  "alerts.more":
    "{n, plural, one {ещё # тревога} few {ещё # тревоги} many {ещё # тревог} other {ещё # тревоги}}",

  "feed.phones":
    "{n, plural, one {# телефон без связи} few {# телефона без связи} many {# телефонов без связи} other {# телефона без связи}}",
  "feed.phones.back":
    "{n, plural, one {# телефон вернулся} few {# телефона вернулись} many {# телефонов вернулись} other {# телефона вернулись}}",

  "found.endpoint": "телефон",

  "refusal.endpoint.pbx": "Asterisk отказал.",
  "refusal.endpoint.ambiguous": "Телефон с таким именем есть в нескольких Asterisk.",
  "refusal.endpoint.ambiguous.do": "Откройте его из списка.",

  "keys.endpoints": "Телефоны",
  "keys.refresh": "Обновить телефон",
  "keys.logs": "Его журнал",
  "keys.config": "Его конфигурация",
};
