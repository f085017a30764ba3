/**
 * @module
 * The texts in Russian. A missing or unknown key does not pass the type check.
 */
import type { Key } from "./en.ts";
import type { enCalls } from "./en_calls.ts";
import type { enEndpointConfig } from "./en_endpoint_config.ts";
import type { enEndpointLogs } from "./en_endpoint_logs.ts";
import type { enEndpoints } from "./en_endpoints.ts";
import type { enSettings } from "./en_settings.ts";
import { ruCalls } from "./ru_calls.ts";
import { ruEndpointConfig } from "./ru_endpoint_config.ts";
import { ruEndpointLogs } from "./ru_endpoint_logs.ts";
import { ruEndpoints } from "./ru_endpoints.ts";
import { ruSettings } from "./ru_settings.ts";

/** Keys that have files of their own. */
type Elsewhere =
  | keyof typeof enCalls
  | keyof typeof enEndpoints
  | keyof typeof enEndpointLogs
  | keyof typeof enEndpointConfig
  | keyof typeof enSettings;

const ruFrame: Record<Exclude<Key, Elsewhere>, string> = {
  "page.board": "Обзор",
  "page.intercoms": "Домофоны",
  "page.events": "События",
  "page.feed": "Лента",
  "page.settings": "Настройки",
  "page.not_found": "Нет такой страницы",

  "frame.pages": "Страницы",
  "frame.links": "Соединения",
  "frame.skip": "К содержимому",
  "frame.feed": "Лента событий",
  "frame.feed.show": "Показать ленту",
  "frame.feed.hide": "Скрыть ленту",
  "frame.logout": "Выйти",
  "frame.attention":
    "{n, plural, one {# требует внимания} few {# требуют внимания} many {# требуют внимания} other {# требуют внимания}}",
  "frame.title_ringing": "Звонят: {name}",

  "mark.online": "На связи",
  "mark.offline": "Нет связи",
  "mark.unknown": "Неизвестно",
  "mark.open": "Открыта",
  "mark.closed": "Закрыта",
  "mark.alarm": "Тревога",
  "mark.call": "Звонят",
  "mark.waiting": "Ожидает",

  "door.open": "Открыта",
  "door.closed": "Закрыта",
  "door.unknown": "Неизвестно",
  "door.was": "была {state}",

  "link.broker": "Брокер",
  "link.database": "База данных",
  "link.page": "Эта страница",
  "link.up": "на связи",
  "link.down": "нет связи",
  "link.connecting": "соединение",

  "stream.live": "Изменения приходят на страницу сразу",
  "stream.connecting": "Страница соединяется со службой",
  "stream.cut": "Страница потеряла связь со службой",

  "stale.since": "Данные устарели с {at}",
  "stale.never": "Служба недоступна",
  "stale.too_many": "Открыто слишком много страниц",
  "stale.too_many.do": "Закройте другую страницу Doorline и попробуйте здесь снова.",
  "stale.text": "Связь прервана. То, что вы видите, могло измениться.",
  "stale.next": "Следующая попытка через {span}",
  "stale.trying": "Соединение",
  "stale.try": "Сейчас",

  "search.label": "Найти панель, телефон, человека, компанию или звонок",
  "search.hint": "Панель, человек, номер",
  "search.hint.mine": "Звонок или номер",
  "search.none": "Ничего нет по запросу «{text}»",

  "board.ringing": "Звонят сейчас",
  "board.rings_for": "ждут",
  "board.more_ringing":
    "{n, plural, one {звонят ещё у # двери} few {звонят ещё у # дверей} many {звонят ещё у # дверей} other {звонят ещё у # двери}}",
  "board.wrong": "Требует внимания",
  "board.motion": "Двери в движении",
  "board.fleet": "Все двери",
  "board.well":
    "{n, plural, one {Всё в порядке: # панель на связи} few {Всё в порядке: # панели на связи} many {Всё в порядке: # панелей на связи} other {Всё в порядке: # панели на связи}}",
  "board.last_event": "Последнее событие",
  "board.and_more": "и ещё {n}",
  "board.too_many": "Панелей {n}: для плиток слишком много (предел {limit}). Выберите фильтр выше или",
  "board.in_table": "откройте таблицу",
  "board.none_such": "Нет панелей в таком состоянии.",
  "board.empty": "Панелей пока нет",
  "board.empty.do":
    "Панель появится здесь сама, как только отправит брокеру MQTT первое сообщение, например:",

  "tile.unnamed": "Пока без названия",
  "tile.door": "· {state}",

  "trouble.link_down": "{link}: нет связи",
  "trouble.link_connecting": "{link}: соединение",
  "trouble.broker_hides":
    "{n, plural, =0 {Открыть двери отсюда нельзя.} one {Состояние # панели неизвестно, открыть её отсюда нельзя.} few {Состояние # панелей неизвестно, открыть их отсюда нельзя.} many {Состояние # панелей неизвестно, открыть их отсюда нельзя.} other {Состояние # панели неизвестно, открыть их отсюда нельзя.}}",
  "trouble.database": "Пока её нет, двери не открыть, а историю не прочитать.",
  "trouble.offline":
    "{n, plural, one {# панель не на связи} few {# панели не на связи} many {# панелей не на связи} other {# панели не на связи}}",
  "trouble.offline_one": "Нет связи",
  "trouble.held":
    "{n, plural, one {# дверь стоит открытой} few {# двери стоят открытыми} many {# дверей стоят открытыми} other {# двери стоят открытыми}}",
  "trouble.held_one": "Дверь стоит открытой",
  "trouble.held.do": "Открыта дольше {seconds} с. Проверьте, закрывается ли она.",
  "trouble.unknown":
    "{n, plural, one {Состояние # панели неизвестно} few {Состояние # панелей неизвестно} many {Состояние # панелей неизвестно} other {Состояние # панели неизвестно}}",
  "trouble.unknown_one": "Состояние неизвестно",
  "trouble.waiting":
    "{n, plural, one {# панель ждёт одобрения} few {# панели ждут одобрения} many {# панелей ждут одобрения} other {# панели ждут одобрения}}",
  "trouble.waiting_one": "Новая панель ждёт одобрения",
  "trouble.waiting.do": "Она вышла на связь с брокером, но ещё не принята.",

  "alarm.forced": "Дверь взломана",
  "alarm.forced.do": "Открылась без ключа, кнопки и команды. Проверьте дверь.",
  "alarm.held_open": "Дверь не закрыта",
  "alarm.held_open.do": "Не закрылась вовремя. Проверьте, не мешает ли что-нибудь.",
  "alarm.tamper": "Вскрытие панели",
  "alarm.tamper.do": "Панель сообщает, что её корпус вскрыт. Проверьте панель.",

  "offline.silence": "нет сигнала",
  "offline.silence.do": "Тишина больше {seconds} с. Проверьте питание и сеть.",
  "offline.last_will": "соединение потеряно",
  "offline.last_will.do": "Соединение с брокером оборвалось. Проверьте питание и сеть.",

  "unknown.never_heard.do": "Сигнала ещё не было. Проверьте настройку на этот брокер.",
  "unknown.link_down.do": "Брокер был недоступен, ждём сигнала.",
  "unknown.restarted.do": "Служба только что запущена, ждём сигнала.",

  "reason.silence": "Сигнал не пришёл вовремя",
  "reason.last_will": "Соединение с брокером потеряно",
  "reason.never_heard": "Ни разу не выходила на связь",
  "reason.link_down": "Брокер недоступен",
  "reason.restarted": "Служба только что запущена",

  "column.status": "Связь",
  "column.name": "Название",
  "column.address": "Адрес",
  "column.door": "Дверь",
  "column.mac": "MAC",
  "column.seen": "Сигнал",
  "column.action": "Действие",
  "column.time": "Время",
  "column.event": "Событие",
  "column.panel": "Панель",
  "column.detail": "Подробности",

  "filter.label": "Фильтры",
  "filter.all": "Все",
  "filter.open": "Дверь открыта",
  "filter.alarm": "Тревога",
  "filter.waiting": "Ждут одобрения",
  "filter.from": "С",
  "filter.to": "По",

  "table.search": "Название, адрес или MAC",
  "table.shown": "{n, plural, one {# панель} few {# панели} many {# панелей} other {# панели}}",
  "table.none": "Нет панелей под эти фильтры",
  "table.clear": "Сбросить фильтры",

  "open.open": "Открыть",
  "open.label": "Открыть дверь «{name}»",
  "open.question": "Открыть дверь «{name}»?",
  "open.text": "Замок откроется сразу.",
  "open.text_at": "{address}. Замок откроется сразу.",
  "open.already": "Эта дверь уже открыта",
  "open.apartment": "Квартира (необязательно)",
  "open.confirm": "Открыть дверь",

  "progress.posting": "Отправка…",
  "progress.refused": "Отказ",
  "progress.requested": "Запрошено, осталось {left} с",
  "progress.sent": "Отправлено, осталось {left} с",
  "progress.confirmed": "Подтверждено {took}",
  "progress.closed": "Закрыта",
  "progress.expired": "Время вышло: панель не ответила. Проверьте дверь.",
  "progress.late": "Открылась поздно, через {took}",
  "progress.failed": "Не удалось: команда не отправлена",
  "progress.not_recorded": "Не удалось: база данных недоступна, ничего не отправлено",
  "progress.failed_reason": "Не удалось: {reason}",

  "refusal.offline": "Панель не на связи.",
  "refusal.offline.do": "Проверьте её питание и сеть.",
  "refusal.unknown": "Неизвестно, на связи ли панель.",
  "refusal.unknown.do": "Дождитесь её сигнала.",
  "refusal.in_flight": "Эту дверь уже открывают.",
  "refusal.in_flight_by": "{name} уже открывает эту дверь.",
  "refusal.in_flight.do": "Дождитесь результата.",
  "refusal.not_adopted": "Панель не одобрена.",
  "refusal.not_adopted.do": "Сначала одобрите её.",
  "refusal.link_down": "Нет связи с брокером.",
  "refusal.link_down.do": "Пока её нет, команды до панели не дойдут.",
  "refusal.database": "База данных недоступна.",
  "refusal.database.do": "Ничего не изменилось. Повторите, когда она вернётся.",
  "refusal.database.read": "Когда она вернётся, это прочитается снова.",
  "refusal.login_taken": "Такой логин уже занят.",
  "refusal.login_taken.do": "Выберите другой.",
  "refusal.last_admin": "Это последний администратор.",
  "refusal.last_admin.do": "Сначала назначьте администратором кого-то ещё.",
  "refusal.too_many_tokens": "У вас слишком много токенов.",
  "refusal.too_many_tokens.do": "Отзовите ненужный.",
  "refusal.own_broker": "Доступы панелей хранит ваш собственный брокер.",
  "refusal.own_broker.do": "Создайте их там.",
  "refusal.no_answer": "Служба не ответила.",
  "refusal.no_answer.do": "Проверьте сеть и попробуйте снова.",
  "refusal.forbidden": "Ваша роль этого не позволяет.",
  "refusal.forbidden.do": "Обратитесь к администратору.",
  "refusal.gone": "Этого больше нет.",
  "refusal.gone.do": "Возможно, кто-то это удалил.",
  "refusal.too_many": "Слишком много запросов.",
  "refusal.busy": "Служба сейчас не может этого сделать.",
  "refusal.wait": "Попробуйте чуть позже.",
  "refusal.wait_seconds": "Попробуйте через {seconds} с.",
  "refusal.broken": "Что-то пошло не так.",
  "refusal.broken.do": "Попробуйте снова; если повторится, посмотрите журнал службы.",
  "refusal.status": "Служба ответила {status}.",

  "event.call": "Звонок",
  "event.key": "Ключ",
  "event.door_opened": "Дверь открыта",
  "event.door_closed": "Дверь закрыта",
  "event.open_command": "Команда открыть",
  "event.online": "На связи",
  "event.offline": "Нет связи",
  "event.alarm": "Тревога",
  "event.apartment": "кв. {apartment}",
  "event.key_id": "ключ {key}",
  "event.gone": "Эта панель удалена",

  "source.remote": "по команде",
  "source.key": "ключом",
  "source.button": "кнопкой",
  "source.call": "из квартиры",

  "feed.empty": "Событий пока нет",
  "feed.empty.do": "Звонки, ключи, двери и тревоги появляются здесь сразу.",

  "events.live": "Ниже только то, что пришло, пока страница открыта.",
  "events.partial": "Это только последнее, по памяти. Остальное прочитается, когда база вернётся.",
  "events.none": "Нет событий под эти фильтры",
  "events.end": "Это всё.",
  "events.csv": "Скачать CSV",

  "panel.last_call": "Последний звонок",
  "panel.history": "История",
  "panel.all_events": "Все события",
  "panel.no_events": "Здесь ещё ничего не происходило",
  "panel.settings": "Название и место",
  "panel.address.hint": "Улица, дом, подъезд",
  "panel.gone": "Нет панели {mac}",
  "panel.gone.text": "Возможно, её удалили. Всё, что у неё происходило, осталось в истории.",
  "panel.gone.history": "Её история",
  "panel.remove": "Удаление",
  "panel.remove.text": "Панель исчезнет со страниц, открыть её будет нельзя. История останется.",
  "panel.remove.do": "Удалить панель",
  "panel.remove.question": "Удалить «{name}»?",

  "employee.title": "Здравствуйте, {name}",
  "employee.text": "Звонки на ваши номера появляются здесь. С панелями и дверями работают операторы.",
  "employee.numbers": "Ваши номера: {numbers}",
  "employee.numbers.none": "Ваших номеров пока нет: их указывает администратор.",
  "employee.more": "В настройках можно сменить пароль и создать токены API.",

  "not_found.title": "Здесь ничего нет",
  "not_found.text": "Адрес неверен или недоступен для вашей роли.",

  "action.acknowledge": "Принять",
  "action.approve": "Одобрить",
  "action.busy": "Выполняется…",
  "action.cancel": "Отмена",
  "action.close": "Закрыть",
  "action.decide": "Посмотреть",
  "action.dismiss": "Скрыть",
  "action.more": "Ещё",
  "action.retry": "Повторить",
  "action.save": "Сохранить",
  "action.show": "Показать",

  "state.loading": "Загрузка…",
  "state.saved": "Сохранено",

  "count.panels": "{n, plural, one {# панель} few {# панели} many {# панелей} other {# панели}}",
  "count.days": "{n, plural, one {# день} few {# дня} many {# дней} other {# дня}}",

  "time.now": "только что",
  "time.ago": "{span} назад",
  "time.never": "никогда",
  "time.since": "с {at}",
  "time.s": "{n} с",
  "time.min": "{n} мин",
  "time.h": "{n} ч",
  "time.d": "{n} дн.",

  "keys.title": "Клавиатура",
  "keys.search": "Найти что угодно (или Ctrl-K)",
  "keys.move": "Следующая, предыдущая",
  "keys.enter": "Открыть строку",
  "keys.open": "Открыть дверь; сначала спросит",
  "keys.close": "Закрыть, назад",
  "keys.board": "Обзор",
  "keys.intercoms": "Домофоны",
  "keys.events": "События",
  "keys.settings": "Настройки",
  "keys.sheet": "Эта памятка",
  "keys.note": "Буквы работают по месту на клавиатуре, в любой раскладке.",
};

/** The texts in Russian. */
export const ru: Record<Key, string> = {
  ...ruFrame,
  ...ruCalls,
  ...ruEndpoints,
  ...ruEndpointLogs,
  ...ruEndpointConfig,
  ...ruSettings,
};
