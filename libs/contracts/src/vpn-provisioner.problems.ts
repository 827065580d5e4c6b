import type { ProblemText } from './problem-text';

export const vpnProvisionerProblems: Readonly<Record<string, ProblemText>> = {
  'vpn-provisioner.address_refused': {
    en: 'The address of a panel is public and speaks https, or lies in a private network.',
    ru: 'Адрес панели должен быть публичным по https или лежать в частной сети.',
    todo: {
      en: 'Choose another address; whoever runs the installation allows more networks by OUTBOUND_ALLOWED_NETWORKS.',
      ru: 'Выберите другой адрес; другие сети задаёт в OUTBOUND_ALLOWED_NETWORKS тот, кто ведёт установку.',
    },
  },
  'vpn-provisioner.cloud_refused': {
    en: 'The cloud refuses what is asked of it.',
    ru: 'Облако отказывает в том, о чём его просят.',
    todo: {
      en: 'Choose another plan or place, or check the token.',
      ru: 'Выберите другой тариф или место или проверьте токен.',
    },
  },
  'vpn-provisioner.migration_in_the_way': {
    en: 'People of this server are being moved already.',
    ru: 'Людей с этого сервера уже переносят.',
    todo: { en: 'Wait until that has ended.', ru: 'Дождитесь, пока это закончится.' },
  },
  'vpn-provisioner.migration_state_refused': {
    en: 'A migration that is as far as this one cannot become that.',
    ru: 'На этой стадии перенос так изменить нельзя.',
    todo: { en: 'Read how far it is, and choose again.', ru: 'Посмотрите, на какой он стадии, и выберите снова.' },
  },
  'vpn-provisioner.migration_targets_refused': {
    en: 'People are moved to other servers that are in service.',
    ru: 'Переносить можно только на другие серверы, которые в работе.',
    todo: { en: 'Choose other targets.', ru: 'Выберите другие серверы.' },
  },
  'vpn-provisioner.no_capacity': {
    en: 'There is no room in this region now.',
    ru: 'В этом регионе сейчас нет свободных мест.',
    todo: { en: 'Choose another region, or try again later.', ru: 'Выберите другой регион или попробуйте позже.' },
  },
  'vpn-provisioner.panel_kind_unknown': {
    en: 'There is no such kind of panel.',
    ru: 'Такой панели нет.',
    todo: { en: 'Choose one of the kinds that are offered.', ru: 'Выберите одну из предложенных.' },
  },
  'vpn-provisioner.panel_taken': {
    en: 'Another server has this panel.',
    ru: 'Эта панель уже у другого сервера.',
    todo: {
      en: 'Give each server a panel of its own; several nodes of one panel are one server.',
      ru: 'У каждого сервера должна быть своя панель; узлы одной панели — это один сервер.',
    },
  },
  'vpn-provisioner.panel_unreachable': {
    en: 'The panel does not answer as it should.',
    ru: 'Панель не отвечает как положено.',
    todo: {
      en: 'Check address, settings and secrets; with `force` it is saved all the same.',
      ru: 'Проверьте адрес, настройки и секреты; с `force` сервер сохранится и так.',
    },
  },
  'vpn-provisioner.server_in_use': {
    en: 'The server still serves people, or users of ours are left on its panel.',
    ru: 'Сервер ещё обслуживает людей, или на его панели остались наши пользователи.',
    todo: { en: 'Move them to other servers first.', ru: 'Сначала перенесите их на другие серверы.' },
  },
  'vpn-provisioner.server_name_taken': {
    en: 'Another server has this name.',
    ru: 'Так уже называется другой сервер.',
    todo: { en: 'Choose another name.', ru: 'Выберите другое имя.' },
  },
  'vpn-provisioner.proposal_is_decided': {
    en: 'The proposal was decided already, or holds no more.',
    ru: 'Предложение уже рассмотрено или больше не действует.',
    todo: { en: 'Read the proposals that are open now.', ru: 'Посмотрите, какие предложения открыты сейчас.' },
  },
  'vpn-provisioner.server_template_not_found': {
    en: 'No servers are made for this region.',
    ru: 'Для этого региона серверы не создаются.',
  },
  'vpn-provisioner.too_many_resets': {
    en: 'All devices were forgotten as often as is possible within a month.',
    ru: 'В этом месяце список устройств больше нельзя сбросить.',
    todo: { en: 'Forget single devices instead.', ru: 'Удаляйте устройства по одному.' },
  },
  'vpn-provisioner.too_many_rotations': {
    en: 'The address was changed as often as is possible within a day.',
    ru: 'Сегодня адрес больше нельзя сменить.',
    todo: { en: 'Change it again tomorrow.', ru: 'Смените его завтра.' },
  },
};
