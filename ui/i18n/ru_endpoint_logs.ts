/**
 * @module
 * The texts in Russian of the log pages.
 */
import type { enEndpointLogs } from "./en_endpoint_logs.ts";

/** The texts in Russian of the log pages. */
export const ruEndpointLogs: Record<keyof typeof enEndpointLogs, string> = {
  "logs.search": "Текст в строках",
  "logs.source": "Источник",
  "logs.levels": "Уровни",
  "logs.no_time": "В журнале нет времени",
  "logs.unfold": "{n, plural, one {ещё # строка} few {ещё # строки} many {ещё # строк} other {ещё # строки}}",
  "logs.unfold.long":
    "{n, plural, one {ещё # знак} few {ещё # знака} many {ещё # знаков} other {ещё # знаков}}",
  "logs.fold": "Свернуть",
  "logs.live": "Обновляется",
  "logs.unfollowed": "Файлы не читаются",
  "logs.connecting": "Подключение",
  "logs.paused": "Пауза",
  "logs.cut": "Не обновляется",
  "logs.cut_since": "Не обновляется с {at}",
  "logs.count": "{n, plural, one {# строка} few {# строки} many {# строк} other {# строки}}",
  "logs.count.of": "показано {shown} из {held}",
  "logs.count.title": "Строк на этой странице; у сервиса есть ещё, они читаются при прокрутке вверх",
  "logs.rate": "{n} в минуту",
  "logs.skipped":
    "{n, plural, one {пропущена # строка} few {пропущены # строки} many {пропущено # строк} other {пропущено # строки}}",
  "logs.skipped.title":
    "Их было больше 1000 в секунду. Где их не хватает, сказано в самом списке; там же их можно прочитать.",
  "logs.hole":
    "{n, plural, one {Здесь не хватает # строки} few {Здесь не хватает # строк} many {Здесь не хватает # строк} other {Здесь не хватает # строки}}",
  "logs.hole.some": "Здесь может не хватать строк",
  "logs.hole.read": "Прочитать",
  "logs.hole.lost": "У сервиса их больше нет",
  "logs.pause": "Пауза",
  "logs.resume": "Продолжить ({n})",
  "logs.wrap": "Перенос",
  "logs.wrap.title": "Показывать длинные строки целиком",
  "logs.clear": "Очистить",
  "logs.clear.title": "Очистить только этот вид; журнал останется",
  "logs.unclear": "Вернуть строки",
  "logs.cleared": "Прежние строки убраны с этой страницы.",
  "logs.download": "Скачать",
  "logs.download.title": "То, что оставили фильтры, в виде текста",
  "logs.older": "Более ранние строки",
  "logs.start": "Более ранних строк здесь нет.",
  "logs.still": "Ниже то, что уже есть на странице.",
  "logs.below":
    "{n, plural, one {# новая строка} few {# новые строки} many {# новых строк} other {# новой строки}}",
  "logs.follow": "В конец",
  "logs.which": "Вызовы считает каждый Asterisk. Чей {call}?",
  "logs.call": "Звонок {call} на всех телефонах",
  "logs.call.leave": "Все строки",
  "logs.call.follow": "Только строки звонка {call}, на всех телефонах",

  "logs.file.missing": "Файла {name} нет.",
  "logs.file.missing.do": "Он начнёт читаться, как только Asterisk его создаст.",
  "logs.file.unreadable": "Файл {name} не читается.",
  "logs.file.unreadable.do":
    "Дайте пользователю, под которым работает Doorline, право на чтение, например через группу asterisk.",

  "logs.gone": "Нет телефона {name}",
  "logs.gone.text": "Возможно, его удалили. То, что о нём было в журнале, можно найти по имени.",
  "logs.gone.search": "Найти {name} в журнале",

  "logs.empty.none": "Журнал не подключён",
  "logs.empty.none.do": "Укажите журнал Asterisk и перезапустите Doorline:",
  "logs.empty.none.more":
    "Несколько через запятую, можно с * в имени; для другого сервера ИМЯ=путь. У Doorline должно быть право читать файл.",
  "logs.empty.files": "Журнал не читается",
  "logs.empty.filtered": "Нет строк под эти фильтры",
  "logs.empty.cleared": "Очищено",
  "logs.empty.cleared.text": "Новые строки появятся здесь, как только будут записаны.",
  "logs.empty.endpoint": "Про {name} в журнале пока ничего нет",
  "logs.empty.endpoint.do":
    "Строки появятся, когда Asterisk напишет об этом телефоне: при регистрации или звонке.",
  "logs.empty.call": "Про звонок {call} в журнале ничего нет",
  "logs.empty.call.do": "Возможно, он был давно: хранятся только последние строки.",
  "logs.empty.all": "В журнале пока тихо",
  "logs.empty.all.do": "Строки появятся здесь, как только Asterisk их запишет.",

  "keys.logs.follow": "В журнале: в конец и следить дальше",
  "keys.logs.pause": "В журнале: пауза, продолжить",
  "keys.logs.wrap": "В журнале: перенос длинных строк",
};
